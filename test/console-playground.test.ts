import t, { type Test } from 'tap'
import webPush from 'web-push'
import { freePort } from '../bench/lab/free-ports.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { becomes } from './support/becomes.ts'
import { ADMIN_TOKEN, BroadcastAdmin } from './support/broadcast-admin.ts'
import { startChromium } from './support/chromium.ts'
import { Firefox } from './support/firefox.ts'
import { backgroundOf, widthOf } from './support/page-look.ts'
import { PATIENT } from './support/patient.ts'
import { plainAgent } from './support/plain-agent.ts'
import { answered, Playground, shown } from './support/playground.ts'
import { startSecureSystem } from './support/secure-system.ts'
import { Sender } from './support/sender.ts'
import { startSystem } from './support/system.ts'

// A browser on a busy machine takes its time.
t.setTimeout(600_000)

const system = await startSystem({ env: { ...PATIENT, PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN } })
t.teardown(() => system.stop())
const certificate = selfSignedCertificate('localhost')
const browser = await startChromium(t, certificate.certificate)
const agent = plainAgent()
t.teardown(() => agent.destroy())

const open = (t: Test) => Playground.open(t, browser, system)
const PASTED = 'another subscription, pasted as JSON'

t.test('connect, register, send: it arrives decrypted, and its receipt too', async (t) => {
  const playground = await open(t)
  const { page } = playground
  t.match(await playground.connect(), /^[0-9a-f]{32}$/)
  const subscription = await playground.register('news')
  t.match(subscription.endpoint, /\/wpush\/v2\//)
  const sent = await playground.send({ text: 'Grüße 👋\nhello', topic: 'weather', receipt: true })
  await answered(sent, '202 Accepted')
  await playground.arrived(t, 'Grüße 👋\nhello')
  t.match(await shown(playground.lastMessage), /ack 100 .*Topic weather Urgency normal/)
  await sent.getByText('Arrived here after').waitFor()
  await sent.getByText('Receipt 204: acknowledged').waitFor()
  t.match(await shown(page.getByRole('status').first()), /^Message on news: Grüße/, 'it is said aloud')

  await page.getByLabel('Messages are answered').selectOption('always ack 102: not delivered')
  const refused = await playground.send({ text: 'unwanted', topic: '' })
  await refused.getByText('Receipt 410: not delivered').waitFor()
  await refused.getByText('Request').click()
  t.match(await shown(refused), /Push-Receipt: http/, 'one receipt subscription serves both')
  t.same(playground.trouble, [])
})

t.test('frames are shown as they pass, filtered, paused, and sent by hand', async (t) => {
  const playground = await open(t)
  const { page } = playground
  await playground.connect()
  await playground.register('news')
  const types = page.locator('[data-test=frames] .type')
  await becomes(t, () => types.allInnerTexts(), ['register', 'register', 'hello', 'hello'])
  const frame = page.locator('[data-test=frames] details').last()
  await frame.locator('summary').click()
  t.same(JSON.parse(await shown(frame.locator('pre'))), {
    messageType: 'hello',
    use_webpush: true,
    broadcasts: {},
  })
  await page.getByLabel('Filter frames').fill('received HELLO')
  await becomes(t, () => types.allInnerTexts(), ['hello'])
  await page.getByLabel('Filter frames').fill('')
  await playground.button('Pause').click()
  await playground.button('Ping').click()
  await playground.says(/answered the ping after \d+ ms/)
  await playground.says('Paused: 2 frames passed')
  await becomes(t, () => types.count(), 4)
  await playground.button('Go on').click()
  await page.getByText('Send a frame of your own').click()
  await page.getByLabel('Frame', { exact: true }).fill('{"messageType":"nonsense"}')
  await playground.button('Send the frame').click()
  await playground.says(/Not connected\. Closed \(1008 protocolViolated\)\. The service did not understand/)
  t.same(await shown(types.first()), 'nonsense')
  await page.getByRole('region', { name: 'Frames' }).getByRole('button', { name: 'Clear' }).click()
  await becomes(t, () => types.count(), 0)
  t.same(playground.trouble, [])
})

t.test('while disconnected: a topic is replaced, TTL 0 is lost, and a message can be deleted', async (t) => {
  const playground = await open(t)
  await playground.connect()
  await playground.register('news')
  await playground.disconnect()
  await playground.send({ text: 'old weather', topic: 'weather' })
  await playground.send({ text: 'new weather', topic: 'weather' })
  await answered(await playground.send({ text: 'now or never', topic: '', ttl: '0' }), '201 Created')
  const unwanted = await playground.send({ text: 'second thoughts', ttl: '600' })
  await unwanted.getByRole('button', { name: 'Delete message' }).click()
  await unwanted.getByText('Taken back').waitFor()
  await playground.connect()
  await playground.arrived(t, 'new weather')
  await playground.send({ text: 'the last' })
  await playground.arrived(t, 'the last', 'new weather')
  t.same(playground.trouble, [])
})

t.test('by hand: what is refused or not answered comes again', async (t) => {
  const playground = await open(t)
  const { page } = playground
  await playground.connect()
  await playground.register('news')
  await page.getByLabel('Messages are answered').selectOption('by hand, at each message')
  await playground.send({ text: 'again and again' })
  await playground.arrived(t, 'again and again')
  await playground.lastMessage.getByText('not answered').waitFor()
  await playground.lastMessage.getByRole('button', { name: 'Nack 301' }).click()
  await playground.lastMessage.getByText('nack 301').waitFor()
  await playground.reconnect()
  await playground.lastMessage.getByText('again', { exact: true }).waitFor()
  await playground.reconnect()
  await page.locator('[data-test=messages] > li').nth(2).waitFor()
  await playground.lastMessage.getByRole('button', { name: 'Ack 100' }).click()
  await playground.lastMessage.getByText('ack 100', { exact: true }).waitFor()
  await playground.reconnect()
  await playground.send({ text: 'the last' })
  await playground.arrived(t, 'the last', ...Array(3).fill('again and again'))
  t.same(playground.trouble, [])
})

t.test(
  'a reload comes back as the same user agent, and gets what the real web-push library sent',
  async (t) => {
    const playground = await open(t)
    const { page } = playground
    const address = page.url()
    const uaid = await playground.connect()
    const subscription = await playground.register('open to all', false)
    t.match(subscription.endpoint, /\/wpush\/v1\//)
    await page.goto('about:blank')
    for (const contentEncoding of ['aes128gcm', 'aesgcm'] as const)
      await webPush.sendNotification(subscription, `in ${contentEncoding}`, {
        agent,
        contentEncoding,
        topic: contentEncoding,
      })
    await page.goto(address)
    t.equal(await shown(page.locator('[data-test=uaid]')), uaid)
    t.equal(await playground.connect(), uaid)
    await becomes(t, async () => (await playground.texts()).sort(), ['in aes128gcm', 'in aesgcm'])
    await playground.disconnect()
    await playground.button('New identity').click()
    t.not(await playground.connect(), uaid)
    t.equal(await page.getByRole('listitem', { name: 'open to all' }).count(), 0)
    t.same(
      playground.trouble.filter((line) => line !== 'request for about:blank'),
      [],
    )
  },
)

t.test('what can not be read says why, and is acknowledged with 101', async (t) => {
  const playground = await open(t)
  await playground.connect()
  const { endpoint } = await playground.register('open to all', false)
  const sender = new Sender()
  t.teardown(() => sender.close())
  await sender.post(endpoint, { text: 'this is not encrypted' })
  await playground.says(/It can’t be decrypted: its header has no public key/)
  await playground.lastMessage.getByText('ack 101').waitFor()
  await sender.post(endpoint)
  await playground.lastMessage.getByText('(empty)').waitFor()
  t.same(playground.trouble, [])
})

t.test('an ended subscription is answered 410, and one without its key 401', async (t) => {
  const playground = await open(t)
  await playground.connect()
  await playground.register('other')
  await playground.register('news')
  const unsigned = await playground.send({ to: 'news', signed: false })
  await answered(unsigned, '401 Unauthorized')
  t.match(await shown(unsigned), /errno 109: .*signed by that key only/s)
  const large = await playground.send({ signed: true, text: 'x'.repeat(6000) })
  t.match(await shown(large), /413.*errno 104: .*Send less/s)
  await playground.subscription('news').getByRole('button', { name: 'Unregister' }).click()
  await playground.subscription('news').getByText('ended', { exact: true }).waitFor()
  const gone = await playground.send({ to: 'news (ended)', text: 'too late' })
  t.match(await shown(gone), /410.*errno 106: .*Drop it/s)
  await gone.getByText('Answer', { exact: true }).click()
  t.match(await shown(gone.locator('[data-test=answer]')), /"code": 410/)
  await playground.subscription('other').getByRole('button', { name: 'Unregister' }).click()
  await playground.subscription('other').getByText('ended', { exact: true }).waitFor()
  t.match(
    await shown(await playground.send({ to: 'other (ended)' })),
    /410.*errno 103/,
    'of the last one the user agent is gone',
  )
  for (const name of ['news', 'other'])
    await playground.subscription(name).getByRole('button', { name: 'Forget' }).click()
  await playground.page.getByText('nobody yet: register a subscription').waitFor({ state: 'attached' })
  // The browser itself notes such answers in its console.
  t.same(
    playground.trouble.filter((line) => !/the server responded with a status of (401|410|413)/.test(line)),
    [],
  )
})

t.test('the least urgency, and broadcasts', async (t) => {
  const playground = await open(t)
  const { page } = playground
  await new BroadcastAdmin(system.httpUrl).put('weather/alerts', 'v1')
  await playground.connect()
  await playground.register('news')
  await page.getByLabel('Least urgency').selectOption('high')
  await playground.says('Messages less urgent than high wait at the service.')
  await playground.send({ text: 'no hurry', urgency: 'low' })
  await playground.send({ text: 'urgent', urgency: 'high' })
  await playground.arrived(t, 'urgent')
  await page.getByLabel('Least urgency').selectOption('very-low')
  await playground.arrived(t, 'no hurry', 'urgent')
  await page.getByText('Broadcasts', { exact: true }).click()
  await page.getByLabel('Broadcast', { exact: true }).fill('weather/alerts')
  await playground.button('Hear of it').click()
  await playground.says('Broadcast weather/alerts is v1.')
  await new BroadcastAdmin(system.httpUrl).put('weather/alerts', 'v2')
  await playground.says('Broadcast weather/alerts is v2.')
  t.same(playground.trouble, [])
})

t.test('from one browser to another, by a pasted subscription', async (t) => {
  const playground = await open(t)
  const other = await open(t)
  await other.connect()
  const subscription = await other.register('mine', false)
  await playground.page.getByLabel('To', { exact: true }).selectOption(PASTED)
  await playground.page.getByLabel('Subscription', { exact: true }).fill(JSON.stringify(subscription))
  const sent = await playground.send({ text: 'from over there' })
  await answered(sent, '201 Created')
  await other.arrived(t, 'from over there')
  t.match(await shown(other.lastMessage), /Accepted/)
  t.same([...playground.trouble, ...other.trouble], [])
})

t.test('to a real Firefox, by a pasted subscription', async (t) => {
  const firefox = await Firefox.create(system.wsUrl)
  t.teardown(() => firefox.destroy())
  await firefox.start()
  const subscription = await firefox.subscribe('/open/')
  const playground = await open(t)
  await playground.page.getByLabel('To', { exact: true }).selectOption(PASTED)
  await playground.page.getByLabel('Subscription', { exact: true }).fill(JSON.stringify(subscription))
  const sent = await playground.send({ text: 'Grüße vom Spielplatz', receipt: true })
  await sent.getByText('Receipt 204: acknowledged').waitFor()
  t.match(await firefox.received(1), [{ text: 'Grüße vom Spielplatz' }])
  t.same(playground.trouble, [])
})

t.test('wrong input is said at its field, which has the focus then', async (t) => {
  const playground = await open(t)
  const { page } = playground
  const focused = () => page.evaluate<string>('document.activeElement.id')
  const url = page.getByLabel('Websocket URL')
  await url.fill('https://push.example/')
  await playground.button('Connect').click()
  await playground.says('The URL has to begin with ws:// or wss://.')
  await becomes(t, focused, 'ws-url')
  t.equal(await url.getAttribute('aria-invalid'), 'true')

  await playground.button('Send').click()
  await playground.says('Register a subscription first, or paste one.')
  await becomes(t, focused, 'send-to')
  await page.getByLabel('To', { exact: true }).selectOption(PASTED)
  await page.getByLabel('Subscription', { exact: true }).fill('{"endpoint":"https://push.example/"}')
  await page.getByLabel('TTL, in seconds').fill('soon')
  await page.getByLabel('Topic').fill('two words')
  await playground.button('Send').click()
  for (const words of ['That is no subscription', 'A TTL is a whole number', 'A topic has 1 to 32'])
    await playground.says(new RegExp(words))
  await becomes(t, focused, 'send-pasted')
  await page.getByLabel('Text').fill('x'.repeat(4000))
  await playground.says(/4,103 encrypted\. Push services need not take more/)
  t.same(playground.trouble, [])
})

t.test('who can not be reached is said so', async (t) => {
  const playground = await open(t)
  const { page } = playground
  await playground.connect()
  const { endpoint, keys } = await playground.register('news')
  await playground.disconnect()
  const port = await freePort()
  await page.getByLabel('Websocket URL').fill(`ws://127.0.0.1:${port}/`)
  await playground.button('Connect').click()
  await playground.says(/Not connected\. The websocket could not be opened/)
  await page.getByLabel('To', { exact: true }).selectOption(PASTED)
  const elsewhere = { endpoint: endpoint.replace(new URL(endpoint).host, `127.0.0.1:${port}`), keys }
  await page.getByLabel('Subscription', { exact: true }).fill(JSON.stringify(elsewhere))
  await playground.button('Send').click()
  await playground.says(/No answer that the browser lets this page see/)
  t.ok(playground.trouble.length >= 2)
  for (const line of playground.trouble) t.match(line, new RegExp(`127.0.0.1:${port}|ERR_CONNECTION_REFUSED`))
})

t.test('two copies of one user agent: the older one is told so', async (t) => {
  const playground = await open(t)
  const { page } = playground
  await playground.connect()
  await playground.register('news')
  const kept = await page.evaluate<Record<string, string>>('({ ...sessionStorage })')
  const copy = await open(t)
  await copy.page.evaluate(`Object.assign(sessionStorage, ${JSON.stringify(kept)})`)
  await copy.page.reload()
  await copy.connect()
  await playground.says(/Closed \(1000 displaced\)\. A newer connection with the same UAID/)
  t.same([...playground.trouble, ...copy.trouble], [])
})

t.test('by the keyboard alone', async (t) => {
  const playground = await open(t)
  const { page } = playground
  const name = () =>
    page.evaluate<string>('(document.activeElement.textContent || document.activeElement.id).trim()')
  const outline = () => page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
  const tabTo = async (wanted: string) => {
    for (let steps = 0; steps < 80; steps++) {
      await page.keyboard.press('Tab')
      if ((await name()).startsWith(wanted))
        return t.equal(await outline(), 'solid', `${wanted} shows that it has the focus`)
    }
    throw new Error(`${wanted} is not reached by Tab`)
  }
  await tabTo('Connect')
  await page.keyboard.press('Enter')
  await playground.says('Connected since')
  await tabTo('Register')
  await page.keyboard.press('Enter')
  await playground.says('Registered subscription 1.')
  await tabTo('send-text')
  await page.keyboard.press('Control+A')
  await page.keyboard.type('typed')
  await tabTo('Send')
  await page.keyboard.press('Enter')
  await playground.arrived(t, 'typed')
  await page.locator('[data-test=sent]').getByText('Answer', { exact: true }).waitFor()
  await tabTo('Answer')
  await page.keyboard.press('Enter')
  await page.locator('[data-test=answer]').waitFor()
  await tabTo('→sent ack')
  await page.keyboard.press('Space')
  await page.locator('[data-test=frames] pre').first().waitFor()
  t.same(playground.trouble, [])
})

t.test('of a service with TLS of its own: by https and wss', async (t) => {
  const secure = await startSecureSystem(t, certificate, PATIENT)
  const playground = await Playground.open(t, browser, secure)
  const { page } = playground
  t.match(page.url(), /^https:/)
  t.equal(await page.getByLabel('Websocket URL').inputValue(), secure.wsUrl)
  await playground.connect()
  t.match(await playground.register('news'), { endpoint: /^https:/ })
  const sent = await playground.send({ text: 'sealed', receipt: true })
  await sent.getByText('Receipt 204: acknowledged').waitFor()
  await playground.arrived(t, 'sealed')
  await page.getByRole('link', { name: 'Live figures' }).click()
  await page.locator('[data-key=connections] .value').getByText('1', { exact: true }).waitFor()
  t.same(playground.trouble, [])
})

t.test('without a secure context it says what to do', async (t) => {
  const { page } = await open(t)
  // The real page, under a name that browsers do not trust.
  await page.route('http://push.example/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    const answer = await fetch(`${system.httpUrl}${pathname}`)
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    })
  })
  await page.goto('http://push.example/console/#playground')
  await page.getByRole('heading', { name: 'The playground needs a secure context' }).waitFor()
  await page.getByText('http://localhost:80/console/').first().waitFor()
  t.equal(await page.getByRole('button', { name: 'Connect' }).count(), 0)
})

for (const colours of ['light', 'dark'] as const)
  for (const width of [1280, 390])
    t.test(`it fits, ${colours}, ${width} pixels wide`, async (t) => {
      const playground = await Playground.open(t, browser, system, { width, colours })
      const { page } = playground
      await playground.connect()
      await playground.register('a subscription with a name that is as long as names may be here')
      const sent = await playground.send({ text: `${'long'.repeat(60)} and short words`, receipt: true })
      await sent.getByText('Receipt 204').waitFor()
      for (const summary of await page.locator('summary').all()) await summary.click()
      t.equal(await widthOf(page), width, 'nothing hangs over the edge')
      const lists = `[...document.querySelectorAll('.playground :is(.items, .frames, pre)')]`
      const tooWide = `${lists}.filter((part) => part.scrollWidth > part.clientWidth).length`
      await becomes(t, () => page.evaluate(tooWide), 0, 'nor over that of its list')
      t.equal(await backgroundOf(page), colours === 'dark' ? 'rgb(16, 20, 25)' : 'rgb(245, 246, 248)')
      t.same(playground.trouble, [])
    })
