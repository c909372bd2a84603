import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { freePort } from '../bench/lab/free-ports.ts'
import { quantity } from '../bench/report/units.ts'
import type { ClusterFigures } from '../deploy/console/figures.ts'
import { SampleCluster } from '../deploy/console/fixtures/sample-cluster.ts'
import { SampleProcess } from '../deploy/console/fixtures/sample-process.ts'
import { becomes, changes } from './support/becomes.ts'
import { startChromium, type View } from './support/chromium.ts'
import { ConsoleFeed } from './support/console-feed.ts'
import { FiguresStream } from './support/figures-stream.ts'
import { backgroundOf, hex, legend, picture, pictures, textOf, widthOf } from './support/page-look.ts'
import { PATIENT } from './support/patient.ts'
import { PushgridProcess } from './support/pushgrid-process.ts'
import { Sender } from './support/sender.ts'
import { type Subscribed, subscribed } from './support/subscribed.ts'

// A browser on a busy machine takes its time.
t.setTimeout(600_000)
const browser = await startChromium(t)
const WIDE: View = { width: 1280, colours: 'light' }
/** What Chromium itself says of a service that is not there, or refuses: no fault of the page. */
const LOST = /^Failed to load resource: /

/** A page that follows a feed of its own. */
async function follow(t: Test, view: View) {
  const feed = await ConsoleFeed.start(t)
  const { page, trouble } = await browser.visit(feed.url, view)
  await feed.followed()
  return { feed, page, trouble }
}

/** Waits until an element says something. */
function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  return page.locator(selector).filter({ hasText: text }).first().waitFor()
}

function seconds(cluster: SampleCluster, count: number): ClusterFigures[] {
  return Array.from({ length: count }, () => cluster.next())
}

for (const colours of ['light', 'dark'] as const)
  for (const width of [1280, 390])
    t.test(`a cluster at work, ${colours}, ${width} pixels wide`, async (t) => {
      const { feed, page, trouble } = await follow(t, { width, colours })
      feed.send(...seconds(new SampleCluster(), 200))
      await says(page, '[data-key=connections]', '37,144')
      const text = await textOf(page, 'main')
      for (const said of [
        'Live',
        '✓ 4 processes up',
        '✓ NATS connected (2 cells)',
        '✓ Store without failures',
        'Messages accepted 1,286/s refused 8.3/s',
        'delivered at once 84.9 %',
        'p50 833 µs p99 70.0 ms',
        'Store operations 1,056/s',
        '12 requests under way',
        'Failures of the store None so far.',
      ])
        t.ok(text.includes(said), said)
      t.match(await legend(page, 'refusals'), { '503 errno 201': '10.9/s' })
      t.match(await legend(page, 'cpu'), { 'node box-2:1002': '48.8 %' })
      await becomes(t, () => page.title(), 'Pushgrid console')
      const screenshot = await page.screenshot({ fullPage: true })
      t.ok(screenshot.length > 50_000, 'there is a picture')
      const plots = await pictures(page)
      t.equal(plots.length, 11)
      t.ok(
        plots.every((plot) => plot.colours.length > 3),
        'no picture is blank',
      )
      const line = hex(colours === 'dark' ? '#56b4e9' : '#0072b2')
      t.ok(plots.filter((plot) => plot.colours.includes(line)).length >= 8, 'lines are drawn')
      t.equal(await backgroundOf(page), colours === 'dark' ? 'rgb(16, 20, 25)' : 'rgb(245, 246, 248)')
      t.equal(await widthOf(page), width, 'nothing hangs over the edge')
      t.same(trouble, [])
      await page.close()
    })

t.test('what is wrong is said in words, at the top and in the table', async (t) => {
  const { feed, page, trouble } = await follow(t, { width: 390, colours: 'dark' })
  const cluster = new SampleCluster()
  feed.send(...seconds(cluster, 5))
  await says(page, '[data-health=processes]', '4 processes up')
  cluster.nodes[0]?.set('pushgrid_nats_connected{cell=b}', 0)
  for (let second = 0; second < 7; second++) {
    cluster.endpoints[0]?.add('pushgrid_store_failures_total{operation=put,failure=storeDown}', 2)
    const { atMs, processes } = cluster.next()
    const [one, two, three] = processes
    if (one !== undefined && two !== undefined && three !== undefined)
      feed.send({ atMs, processes: [one, { ...two, version: '1.1.0' }, three] })
  }
  await says(page, '[data-health=processes]', '⚠ 3 processes up, 1 gone')
  await says(page, '[data-health=nats]', '✗ NATS not connected: b of node box-1:1001')
  await says(page, '[data-health=versions]', '⚠ Versions differ: 1.0.0, 1.1.0')
  await says(page, '[data-health=store]', '✗ Store operations fail')
  await says(page, '[data-process=a000000000000001]', '✗ not b')
  await says(page, '[data-process=a000000000000002]', '⚠ 1.1.0')
  await says(page, '[data-process=b000000000000002]', /✗ gone since \d\d:\d\d:\d\d/)
  await becomes(t, () => page.title(), '✗ Pushgrid console')
  t.equal(await page.locator('[role=status] [data-health]').count(), 4, 'changes are read out')
  t.equal(await page.locator('[role=status] .key, [aria-live] .key').count(), 0, 'figures are not')
  t.equal(await widthOf(page), 390)
  t.same(trouble, [])
  await page.close()
})

t.test('a feed that is lost is said to be, and comes back by itself', async (t) => {
  const { feed, page, trouble } = await follow(t, WIDE)
  const cluster = new SampleCluster()
  feed.send(...seconds(cluster, 20))
  await says(page, '.feed', 'Live')
  feed.down()
  await says(page, '.feed', /Interrupted since \d\d:\d\d:\d\d: .* Trying again by itself/)
  await becomes(t, () => page.title(), '✗ Pushgrid console')
  feed.up()
  await feed.followed()
  for (let second = 0; second < 30; second++) cluster.next()
  feed.send(cluster.next(), cluster.next())
  await says(page, '.feed', /^Live$/)
  feed.down()
  await says(page, '.feed', 'the service answers 503')
  feed.up()
  await page.getByRole('button', { name: 'Try now' }).click()
  await feed.followed()
  feed.send(cluster.next())
  await says(page, '.feed', /^Live$/)
  t.same(
    trouble.filter((each) => !LOST.test(each)),
    [],
  )
  await page.close()
})

t.test('what stands still can be looked at, and nothing is missing afterwards', async (t) => {
  const { feed, page, trouble } = await follow(t, WIDE)
  const cluster = new SampleCluster()
  feed.send(...seconds(cluster, 30))
  await says(page, '[data-key=connections]', connected(cluster))
  const shown = ['.keys', '.processes', '#plot-cpu', '#plot-messages']
  const texts = () => Promise.all(shown.map((selector) => textOf(page, selector)))
  const before = await texts()
  await page.getByRole('button', { name: 'Pause' }).focus()
  await page.keyboard.press('Enter')
  feed.send(...seconds(cluster, 30))
  // The end comes after everything else.
  feed.down()
  await says(page, '.feed', /Paused at \d\d:\d\d:\d\d; Interrupted since/)
  t.same(await texts(), before)
  await page.getByRole('button', { name: 'Go on' }).focus()
  await page.keyboard.press('Enter')
  await says(page, '[data-key=connections]', connected(cluster))
  t.not((await texts()).join(), before.join())
  t.same(
    trouble.filter((each) => !LOST.test(each)),
    [],
  )
  await page.close()
})

t.test(
  'where the admin token is needed it is asked for, and asked for again when it is another one',
  async (t) => {
    const feed = await ConsoleFeed.start(t)
    feed.wantToken('secret')
    const { page, trouble } = await browser.visit(feed.url, WIDE)
    const give = async (token: string) => {
      await page.getByLabel('Admin token').fill(token)
      await page.keyboard.press('Enter')
    }
    await give('wrong')
    await says(page, '[role=alert]', 'That is not the admin token')
    await give('secret')
    await feed.followed()
    feed.send(new SampleCluster().next())
    await says(page, '.feed', /^Live$/)
    feed.wantToken('another')
    feed.down()
    await says(page, 'form', 'Admin token')
    t.equal(await page.locator('.feed').count(), 0)
    t.same(
      trouble.filter((each) => !LOST.test(each)),
      [],
    )
    await page.close()
  },
)

t.test('a service without messages says how to make some', async (t) => {
  const { feed, page, trouble } = await follow(t, { width: 390, colours: 'light' })
  const serve = new SampleProcess().set('pushgrid_connections', 0).set('pushgrid_requests_under_way', 0)
  const next = (second: number) => ({ atMs: 1_790_000_000_000 + 1000 * second, processes: [serve.figures] })
  feed.send(next(0))
  await says(page, '.unused', 'No message so far')
  const text = await textOf(page, '.unused')
  for (const said of [
    'pushgrid agent --url ws://127.0.0.1:8080/ --channel news --subscription news.json',
    'pushgrid send news.json "Hello"',
    'pushgrid bench direct --url ws://127.0.0.1:8080/',
  ])
    t.ok(text.includes(said), said)
  t.equal(await widthOf(page), 390)
  await page.getByRole('link', { name: 'playground' }).last().click()
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
  serve.pass().add('pushgrid_messages_total{outcome=delivered}')
  feed.send(next(1))
  await page.goBack()
  await page.locator('.unused').waitFor({ state: 'detached' })
  await says(page, '#plot-messages .u-legend', 'accepted1/s')
  t.same(trouble, [])
  await page.close()
})

t.test('everything can be done with the keyboard', async (t) => {
  const { feed, page, trouble } = await follow(t, WIDE)
  const cluster = new SampleCluster()
  feed.send(...seconds(cluster, 200))
  await says(page, '[data-key=connections]', connected(cluster))
  const reached = async () => {
    await page.keyboard.press('Tab')
    return page.evaluate<string>(
      '((one) => one.getAttribute("aria-label") ?? one.innerText)(document.activeElement)',
    )
  }
  const walk: string[] = []
  while (!walk.at(-1)?.startsWith('User agents:') && walk.length < 10) walk.push(await reached())
  t.same(
    walk.map((each) => each.replace(/:.*/, '')),
    ['Live figures', 'Playground', 'Change to dark colours', 'Pause', 'User agents'],
  )
  const latest = await timeIn(page, 'connections')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Shift+ArrowLeft')
  await cursorLeaves(t, page, latest, 'memory')
  feed.send(cluster.next())
  await says(page, '[data-key=connections]', connected(cluster))
  t.equal(await reached(), 'connected')
  await page.keyboard.press('Enter')
  await becomes(t, () => page.locator('#plot-connections .u-legend .u-off').count(), 1, 'a line is hidden')
  const log = page.locator('#plot-latency button')
  await log.focus()
  const before = await picture(page, '#plot-latency')
  await page.keyboard.press('Enter')
  await page.locator('#plot-latency button[aria-pressed=false]').waitFor()
  await changes(t, () => picture(page, '#plot-latency'), before, 'another scale is another picture')
  await page.locator('#plot-latency .plot').focus()
  await page.keyboard.press('+')
  await says(page, '.feed', 'Paused at')
  t.same(trouble, [])
  await page.close()
})

t.test('a drag looks closely at a part of the time in all plots, and stops the page', async (t) => {
  const { feed, page, trouble } = await follow(t, WIDE)
  const cluster = new SampleCluster()
  feed.send(...seconds(cluster, 200))
  await says(page, '[data-key=connections]', connected(cluster))
  const before = await picture(page, '#plot-messages')
  const latest = await timeIn(page, 'connections')
  const over = page.locator('#plot-connections .u-over')
  await over.scrollIntoViewIfNeeded()
  const { x = 0, y = 0, width = 0, height = 0 } = (await over.boundingBox()) ?? {}
  await page.mouse.move(x + width * 0.4, y + height / 2)
  await cursorLeaves(t, page, latest, 'messages')
  await page.mouse.down()
  await page.mouse.move(x + width * 0.7, y + height / 2, { steps: 4 })
  await page.mouse.up()
  await says(page, '.feed', 'Paused at')
  await changes(t, () => picture(page, '#plot-messages'), before, 'another plot shows less, too')
  await page.mouse.dblclick(x + width * 0.5, y + height / 2)
  await page.mouse.move(0, 0)
  await becomes(t, () => picture(page, '#plot-messages'), before, 'and everything again')
  await page.getByRole('button', { name: 'Go on' }).click()
  await says(page, '.feed', /^Live$/)
  t.same(trouble, [])
  await page.close()
})

t.test('other colours are drawn at once, and a window of another width', async (t) => {
  const { feed, page, trouble } = await follow(t, WIDE)
  const cluster = new SampleCluster()
  feed.send(...seconds(cluster, 30))
  await says(page, '[data-key=connections]', connected(cluster))
  const before = await picture(page, '#plot-cpu')
  await page.locator('#theme').click()
  await becomes(t, () => backgroundOf(page), 'rgb(16, 20, 25)')
  await changes(t, () => picture(page, '#plot-cpu'), before)
  await page.setViewportSize({ width: 390, height: 900 })
  await page.waitForFunction('document.querySelector("#plot-cpu .uplot").clientWidth < 390')
  t.equal(await widthOf(page), 390)
  t.same(trouble, [])
  await page.close()
})

t.test('a real service, at work, stopped, and started again', async (t) => {
  const env = {
    ...PATIENT,
    // A busy machine may be slow to acknowledge.
    PUSHGRID_ACK_GRACE_MS: '5000',
    PUSHGRID_DATA_DIR: t.testdir(),
    PUSHGRID_WS_PORT: `${await freePort()}`,
    PUSHGRID_HTTP_PORT: `${await freePort()}`,
  }
  const serve = new PushgridProcess('serve', env)
  t.teardown(() => serve.kill('SIGTERM'))
  const { wsPort, httpPort } = await serve.listening
  const { page, trouble } = await browser.visit(`http://localhost:${httpPort}/console/`, WIDE)
  await says(page, '.unused', `pushgrid agent --url ws://localhost:${wsPort}/`)
  await says(page, '[data-health=processes]', '✓ 1 process up')
  const agent = await subscribed(`ws://127.0.0.1:${wsPort}/`)
  await says(page, '[data-key=connections] .value', /^\s*1$/)
  const seen = [
    says(page, '[data-key=accepted] .value', /^\s*[1-9.]/),
    says(page, '[data-key=outcomes] li', /delivered at once\s*100 %/),
    says(page, '[data-key=post-to-2xx]', /p50 \d.*p99 \d/),
    says(page, '[data-key=post-to-ack]', /p50 \d.*p99 \d/),
    says(page, '[data-key=store] .value', /^p99 \d/),
    says(page, '#plot-cpu .u-value', /^\d.* %$/),
  ]
  await busyUntil(Promise.all(seen), `http://127.0.0.1:${httpPort}`, agent)
  await says(page, '.processes', new RegExp(`serve .* · pid ${serve.pid}`))
  t.equal(await page.locator('.unused').count(), 0)
  t.equal(await widthOf(page), 1280)
  t.same(trouble, [])
  await agent.client.close()
  await serve.kill('SIGTERM')
  await says(page, '.feed', 'Interrupted since')
  const next = new PushgridProcess('serve', env)
  t.teardown(() => next.kill('SIGTERM'))
  await next.listening
  await says(page, '.feed', /^Live$/)
  await says(page, '.processes', `pid ${next.pid}`)
  await says(page, '[data-health=processes]', '⚠ 1 process up, 1 gone')
  t.same(
    trouble.filter((each) => !LOST.test(each)),
    [],
  )
  // As a proxy would ask.
  await page.setExtraHTTPHeaders({ 'x-forwarded-for': '10.0.0.1' })
  await page.reload()
  await says(page, '[role=alert]', /answers 403: The console is open at this machine only/)
  await page.close()
})

/** Has a user agent sent a few messages with each message of the figures, and acknowledge them, until something has happened. */
async function busyUntil(
  happened: Promise<unknown>,
  url: string,
  { client, endpoint }: Subscribed,
): Promise<void> {
  const sender = new Sender()
  const figures = await FiguresStream.open(url)
  let isOver = false
  const over = happened.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await figures.next()
    for (let message = 0; message < 3; message++) {
      const posted = sender.post(endpoint)
      client.ack(await client.next('notification'))
      await posted
    }
  }
  figures.close()
  await sender.close()
  await over
}

/** The time that the values beside a plot are of. */
async function timeIn(page: Page, plot: string): Promise<string | undefined> {
  return (await legend(page, plot))['at']
}

/** Asserts that the cursor of connections has left a time, and that another plot has it at the same one. */
function cursorLeaves(t: Test, page: Page, time: string | undefined, other: string): Promise<void> {
  const isOne = async () => {
    const [at, elsewhere] = [await timeIn(page, 'connections'), await timeIn(page, other)]
    return at !== time && at === elsewhere
  }
  return becomes(t, isOne, true, 'one cursor in all plots')
}

/** What the page says of connections, once it has seen what was sent last. */
function connected({ figures }: SampleCluster): string {
  const all = figures.processes.flatMap(({ series }) => series['pushgrid_connections'] ?? [])
  return quantity(
    all.reduce((sum, [, value]) => sum + value, 0),
    'count',
  )
}
