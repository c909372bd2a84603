import { copyOf } from '../browser.ts'
import { nothingRemains } from '../rules/limits.ts'
import { oneSession } from '../rules/sessions.ts'
import { type Stage, scenario } from './scenario.ts'

scenario('two sessions: double connections end as one, the youngest', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.roam()
  browser.roam()
  browser.roam()
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  await stage.world.run(1000)
  stage.world.check(oneSession)
  t.equal(await stage.answer(stage.post(endpoint)), 'delivered')
})

scenario('two sessions: what the displaced one had in flight reaches the younger', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.ignoreRate = 1
  const posted = stage.post(endpoint)
  await stage.after('received', posted.id)
  browser.manners.ignoreRate = 0
  browser.roam()
  t.equal(await stage.answer(posted), 'stored')
  await stage.allArrives()
  t.equal(stage.count('wrote', posted.id), 2)
  t.equal(stage.count('closing', posted.id), 0)
})

scenario(
  'two sessions: a younger one on another node',
  { bus: 'network', store: 'mongodb', roles: ['node', 'node', 'endpoint'], skewMaxMs: 5000 },
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    const seen = new Set<string>()
    for (let turn = 0; turn < 12; turn++) {
      browser.roam()
      const posted = stage.post(endpoint)
      t.match(await stage.answer(posted), /delivered|stored/)
      await stage.world.run(500)
      const opening = stage.world.ledger.facts.findLast(({ fact }) => fact.kind === 'opening')
      if (opening?.fact.kind === 'opening') seen.add(opening.fact.node)
    }
    t.equal(seen.size, 2, 'it was connected to both')
    await stage.allArrives()
    // So many sessions look like two browsers that flap: the old ones are held, silent, for a while.
    await stage.world.run(stage.world.agentsOptions.flapHoldMs)
    stage.world.check(oneSession)
  },
)

scenario(
  'two sessions: two browsers with one cloned profile take turns, and do not flap',
  {},
  async (t, stage) => {
    const { browser } = await stage.online()
    const clone = stage.world.addBrowser('clone', copyOf(browser.profile))
    clone.start()
    await stage.world.run(10 * 60_000)
    const displaced = stage.world.ledger.facts.filter(
      ({ fact }) => fact.kind === 'closing' && fact.reason === 'displaced',
    )
    t.ok(displaced.length > 5, 'they do displace each other')
    // Without a hold they do so about 1,100 times.
    t.ok(displaced.length < 100, `${displaced.length} times in ten minutes`)
  },
)

const CLUSTER = { bus: 'network', store: 'mongodb', roles: ['node', 'node', 'endpoint'] } as const

/** A session reads a channel that the one before it is about to end, and has ended when this resolves to how to post to it. */
async function endedByTheSessionBefore(stage: Stage): Promise<() => Promise<string>> {
  const { browser, endpoint } = await stage.online()
  await stage.subscribe(browser)
  const [channelId] = browser.profile.channels.keys()
  if (channelId === undefined) throw new Error('no channel')
  stage.world.faults.storeHoldMs = { update: 500 }
  browser.unsubscribe(channelId)
  browser.reconnect()
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  await stage.world.run(2000)
  return () => stage.answer(stage.post(endpoint))
}

scenario(
  'two sessions: a channel that the older one ends is gone for the younger one, too',
  CLUSTER,
  async (t, stage) => {
    const post = await endedByTheSessionBefore(stage)
    t.equal(await post(), 'notSubscribed')
    await stage.allArrives()
  },
)

scenario(
  'two sessions: where that hint is lost, the first message that the user agent does not know is the last',
  CLUSTER,
  async (t, stage) => {
    stage.world.faults.tellLossRate = 1
    const post = await endedByTheSessionBefore(stage)
    t.equal(await post(), 'delivered', 'the user agent does not know it')
    await stage.world.run(100)
    t.equal(await post(), 'notSubscribed')
    await stage.allArrives()
  },
)

scenario('a POST between close and re-hello', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.reconnect()
  const atOnce = stage.post(endpoint)
  await stage.world.run(12)
  const whileGreeting = stage.post(endpoint)
  t.match(await stage.answer(atOnce), /delivered|stored/)
  t.match(await stage.answer(whileGreeting), /delivered|stored/)
  await stage.allArrives()
  for (const { id } of [atOnce, whileGreeting]) t.equal(stage.world.ledger.message(id).acked, true)
})

scenario('a POST to a half-open connection is taken back and stored', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.cut()
  const posted = stage.post(endpoint)
  t.equal(await stage.answer(posted), 'stored')
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  await stage.after('ackArrived', posted.id)
  await stage.allArrives()
})

scenario('drain: what is in flight is stored, and everything is let go', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.ignoreRate = 1
  const posted = stage.post(endpoint)
  await stage.after('received', posted.id)
  browser.manners.ignoreRate = 0
  const server = stage.server('agents')
  server.draining = true
  let drained = false
  void server.agents?.drain(0).then(() => {
    drained = true
  })
  await stage.world.until('it has drained', () => drained)
  t.equal(await posted.outcome, 'stored')
  stage.world.check(nothingRemains)
  stage.world.killServer(server, 100)
  await stage.allArrives()
  t.equal(stage.count('ackArrived', posted.id), 1, 'the next process delivers it')
})

scenario(
  'kill: what was answered is there after a restart, and endpoints stay valid',
  {},
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.manners.ignoreRate = 1
    const posted = stage.post(endpoint)
    t.equal(await stage.answer(posted), 'stored')
    browser.manners.ignoreRate = 0
    stage.world.killServer(stage.server('agents'), 200)
    await stage.world.run(5000)
    t.equal(stage.count('ackArrived', posted.id), 1)
    t.equal(await stage.answer(stage.post(endpoint)), 'delivered')
  },
)
