import { scenario } from './scenario.ts'

scenario(
  'passes: a message that appears behind the cursor is sent in the next pass',
  {},
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.stop()
    await stage.world.run(100)
    const late = stage.post(endpoint, { idAgeMs: 3000 })
    const early = stage.post(endpoint)
    t.equal(await stage.answer(early), 'stored')
    browser.start()
    await stage.after('ackArrived', early.id)
    t.ok(late.id < early.id, 'its id was made first')
    t.equal(stage.count('kept', late.id), 0, 'and it comes into the store last')
    browser.manners.ackDelayMs = [2000, 2000]
    await stage.after('wrote', late.id)
    await stage.allArrives()
    t.equal(stage.count('wrote', late.id), 1)
  },
)

scenario(
  'passes: a put behind the cursor of a pass under way is found by its hint',
  { bus: 'network' },
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.stop()
    await stage.world.run(100)
    const first = stage.post(endpoint, { idAgeMs: 200 })
    const second = stage.post(endpoint)
    await stage.answer(second)
    // The ask is lost: only the store and the hint are left.
    stage.world.faults.askLossRate = 1
    await stage.world.run(3000)
    browser.start()
    t.equal(await stage.answer(first), 'stored')
    await stage.after('ackArrived', first.id)
    await stage.allArrives()
  },
)

scenario('hello: the race of store and connect', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.stop()
  await stage.world.run(100)
  // The endpoint finds nobody and stores; meanwhile the browser comes and reads an empty store.
  stage.world.faults.storeHoldMs = { put: 300 }
  const { id, outcome } = stage.post(endpoint)
  browser.start()
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  await stage.world.run(50)
  t.equal(stage.stored(id), false, 'the store was read before the put was done')
  t.equal(await stage.answer({ id, outcome }), 'stored')
  await stage.after('ackArrived', id)
  await stage.allArrives()
})

scenario('hello: a store that fails closes the connection and forgets nobody', {}, async (t, stage) => {
  const { browser } = await stage.online()
  const { uaid } = browser.profile
  stage.world.faults.storeDown = true
  browser.reconnect()
  await stage.world.run(2000)
  t.equal(browser.session, undefined)
  stage.world.faults.storeDown = false
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  t.equal(browser.profile.uaid, uaid)
})

scenario('re-read: a message whose hints were all lost is found', { bus: 'network' }, async (t, stage) => {
  const { endpoint } = await stage.online()
  stage.world.faults.askLossRate = 1
  stage.world.faults.hintsLost = true
  const posted = stage.post(endpoint)
  t.equal(await stage.answer(posted), 'stored')
  await stage.world.run(5000)
  t.equal(stage.count('wrote', posted.id), 0, 'nobody knows of it')
  await stage.world.run(1.5 * stage.world.agentsOptions.recheckMs)
  t.equal(stage.count('ackArrived', posted.id), 1)
  t.equal(stage.stored(posted.id), false)
})

scenario('time: what expired while it waited is not sent', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.stop()
  await stage.world.run(100)
  const short = stage.post(endpoint, { ttlSeconds: 2 })
  const long = stage.post(endpoint)
  await stage.answer(long)
  await stage.world.run(2500)
  browser.start()
  await stage.after('ackArrived', long.id)
  t.equal(stage.count('wrote', short.id), 0)
})

scenario(
  'time: a node that stood still sends nothing that has expired',
  { bus: 'network', roles: ['node', 'endpoint'] },
  async (t, stage) => {
    const { endpoint } = await stage.online()
    stage.world.pauseServer(stage.server('agents'), 10_000)
    const posted = stage.post(endpoint, { ttlSeconds: 5 })
    t.equal(await stage.answer(posted), 'stored')
    await stage.world.run(30_000)
    t.equal(stage.count('wrote', posted.id), 0)
  },
)
