import { Agent } from 'node:https'
import path from 'node:path'
import t, { type Test } from 'tap'
import webPush from 'web-push'
import { selfSignedCertificate } from '../../push/fixtures/certificate.ts'
import { becomes } from '../support/becomes.ts'
import { type BrowserSubscription, Firefox } from '../support/firefox.ts'
import type { Received } from '../support/page-server.ts'
import { plainAgent } from '../support/plain-agent.ts'
import { nextMillisecond } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

/** Plaintext whose aes128gcm body is 4,096 bytes: 86 of header, 1 of padding delimiter, 16 of tag (RFC 8291 section 4). */
const LARGEST_PAYLOAD_CHARS = 3993
/** Scopes of the service workers; each has a subscription. */
const OPEN = '/open/'
const RESTRICTED = '/restricted/'

const vapid = { subject: 'mailto:test@example.org', ...webPush.generateVAPIDKeys() }

/** Sends by the real library; resolves to the status. */
type Push = (
  subscription: BrowserSubscription,
  payload: string | null,
  options?: webPush.RequestOptions,
) => Promise<number>

function pushBy(agent: Agent): Push {
  return async (subscription, payload, options = {}) => {
    try {
      const sent = await webPush.sendNotification(subscription, payload, { agent, ...options })
      return sent.statusCode
    } catch (error) {
      if (error instanceof webPush.WebPushError) return error.statusCode
      throw error
    }
  }
}

t.test('without TLS', async (t) => {
  const system = await startSystem()
  t.teardown(() => system.stop())
  const firefox = await Firefox.create(system.wsUrl)
  t.teardown(() => firefox.destroy())
  const agent = plainAgent()
  t.teardown(() => agent.destroy())
  await threeStarts(t, firefox, pushBy(agent))
})

t.test('by wss:// and https://, with a certificate', async (t) => {
  const { certificate, key } = selfSignedCertificate('Pushgrid test')
  const folder = t.testdir({ certificate, key })
  const env = {
    PUSHGRID_TLS_CERT_FILE: path.join(folder, 'certificate'),
    PUSHGRID_TLS_KEY_FILE: path.join(folder, 'key'),
  }
  const system = await startSystem({ env })
  t.teardown(() => system.stop())
  const firefox = await Firefox.create(system.wsUrl, certificate)
  t.teardown(() => firefox.destroy())
  const agent = new Agent({ keepAlive: true, ca: certificate })
  t.teardown(() => agent.destroy())
  t.match(system.wsUrl, /^wss:/)
  await threeStarts(t, firefox, pushBy(agent))
})

/** Firefox and web-push, three starts of one profile. */
async function threeStarts(t: Test, firefox: Firefox, push: Push): Promise<void> {
  const signed = { vapidDetails: vapid }
  const largest = 'x'.repeat(LARGEST_PAYLOAD_CHARS)

  await firefox.start()
  const open = await firefox.subscribe(OPEN)
  const restricted = await firefox.subscribe(RESTRICTED, vapid.publicKey)

  await t.test('online: both encodings, an empty message, the largest body', async (t) => {
    t.match(open.endpoint, /\/wpush\/v1\//)
    t.match(restricted.endpoint, /\/wpush\/v2\//)
    t.equal(await push(restricted, 'aes128gcm, signed', signed), 201)
    t.equal(await push(open, 'aes128gcm', { contentEncoding: 'aes128gcm' }), 201)
    t.equal(await push(open, 'aesgcm', { contentEncoding: 'aesgcm' }), 201)
    t.equal(await push(restricted, 'aesgcm, signed', { ...signed, contentEncoding: 'aesgcm' }), 201)
    t.equal(await push(open, null), 201)
    t.equal(await push(open, largest), 201)
    t.equal(await push(restricted, 'unsigned'), 401, 'a restricted subscription takes signed messages only')
    const received = await firefox.received(6)
    t.same(texts(received, OPEN), sorted(['aes128gcm', 'aesgcm', null, largest]))
    t.same(texts(received, RESTRICTED), sorted(['aes128gcm, signed', 'aesgcm, signed']))
  })

  await firefox.stop()

  await t.test('closed: what is sent meanwhile comes at the next start', async (t) => {
    t.equal(await push(open, 'topic, older', { topic: 'weather' }), 201)
    nextMillisecond()
    t.equal(await push(open, 'topic, newer', { topic: 'weather' }), 201)
    for (const text of ['first', 'second', 'third']) t.equal(await push(restricted, text, signed), 201)
    t.equal(await push(open, 'last'), 201)
    await firefox.start()
    const stored = (await firefox.received(6 + 5)).slice(6)
    t.same(texts(stored, RESTRICTED), sorted(['first', 'second', 'third']), 'none lost, none twice')
    t.same(texts(stored, OPEN), sorted(['topic, newer', 'last']), 'only the newest of a topic')
  })

  await t.test('unsubscribed in the page: the endpoint is gone, the other one stays', async (t) => {
    t.equal(await firefox.unsubscribe(OPEN), true)
    // The page is not kept waiting until the service knows.
    await becomes(t, () => push(open, 'too late'), 410)
    t.equal(await push(restricted, 'still here', signed), 201)
    t.equal((await firefox.received(12))[11]?.text, 'still here')
  })

  await firefox.stop()

  await t.test('a third start: what was received does not come again', async (t) => {
    t.equal(await push(restricted, 'after the third start', signed), 201)
    await firefox.start()
    t.same((await firefox.received(13)).slice(12), [{ scope: RESTRICTED, text: 'after the third start' }])
  })

  await firefox.stop()
}

/** What one service worker received. Firefox decrypts several at a time, and is not always done in the order in which they came. */
function texts(messages: readonly Received[], scope: string): (string | null)[] {
  return sorted(messages.filter((message) => message.scope === scope).map(({ text }) => text))
}

function sorted(texts: readonly (string | null)[]): (string | null)[] {
  return texts.toSorted((one, other) => String(one).localeCompare(String(other)))
}
