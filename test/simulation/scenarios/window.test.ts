import { scenario } from './scenario.ts'

scenario(
  'window: a burst is larger than it, and all of it arrives',
  { agents: { inFlightMax: 4 } },
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.manners.ackDelayMs = [100, 100]
    const burst = Array.from({ length: 40 }, () => stage.post(endpoint))
    for (const posted of burst) t.match(await stage.answer(posted), /delivered|stored/)
    await stage.allArrives()
    for (const { id } of burst) t.equal(stage.count('wrote', id), 1)
  },
)

scenario('window: messages of a slow reader wait in the store', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.link?.setReading(false)
  const burst = Array.from({ length: 40 }, () => stage.post(endpoint))
  for (const posted of burst) t.equal(await stage.answer(posted), 'stored')
  browser.link?.setReading(true)
  await stage.allArrives()
  for (const { id } of burst) t.equal(stage.count('ackArrived', id), 1)
})

scenario(
  'window: what is not acknowledged for long leaves it, and is not sent again in this session',
  {},
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.manners.ignoreRate = 1
    const posted = stage.post(endpoint)
    t.equal(await stage.answer(posted), 'stored')
    browser.manners.ignoreRate = 0
    await stage.world.run(2 * stage.world.agentsOptions.recheckMs)
    t.equal(stage.count('wrote', posted.id), 1)
    t.equal(stage.stored(posted.id), true)
    browser.reconnect()
    await stage.after('ackArrived', posted.id)
  },
)

scenario('window: a nack keeps the message for the next session', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.nackRate = 1
  const posted = stage.post(endpoint)
  t.equal(await stage.answer(posted), 'stored')
  await stage.world.run(1000)
  t.equal(stage.count('wrote', posted.id), 1)
  browser.manners.nackRate = 0
  browser.reconnect()
  await stage.after('ackArrived', posted.id)
  await stage.allArrives()
})

scenario(
  'window: what no session acknowledges is given up after sendsMax',
  { agents: { sendsMax: 2 } },
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.manners.ignoreRate = 1
    const posted = stage.post(endpoint)
    t.equal(await stage.answer(posted), 'stored')
    for (let session = 2; session <= 3; session++) {
      browser.reconnect()
      await stage.world.run(1000)
    }
    t.equal(stage.count('wrote', posted.id), 2)
    t.equal(stage.stored(posted.id), false)
  },
)

scenario(
  'window: more acknowledgements at once than an actor remembers bring none back',
  { bus: 'network', store: 'mongodb' },
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.stop()
    await stage.world.run(100)
    const burst = Array.from({ length: 90 }, () => stage.post(endpoint))
    for (const posted of burst) await stage.answer(posted)
    // Deletes take longer than reads: the pages that follow still hold what was acknowledged.
    stage.world.faults.storeHoldMs = { delete: 1000 }
    browser.start()
    await stage.world.run(1000)
    for (let turn = 0; turn < 5; turn++) {
      stage.post(endpoint)
      stage.world.faults.askLossRate = 1
      await stage.world.run(700)
    }
    await stage.allArrives()
    for (const { id } of burst) t.equal(stage.count('wrote', id), 1)
  },
)

scenario('topics: a replaced one in flight is answered with its replacement', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.ackDelayMs = [100, 100]
  const older = stage.post(endpoint, { topic: 'news' })
  await stage.world.run(20)
  const newer = stage.post(endpoint, { topic: 'news' })
  t.equal(await stage.answer(older), 'delivered')
  t.equal(await stage.answer(newer), 'delivered')
  t.equal(stage.world.ledger.message(older.id).everKept, false)
})

scenario('topics: a replaced one in flight is not safe before its replacement is', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.ignoreRate = 1
  const older = stage.post(endpoint, { topic: 'news' })
  await stage.world.run(100)
  stage.world.faults.storeDown = true
  const newer = stage.post(endpoint, { topic: 'news' })
  t.equal(await stage.answer(newer), 'storeDown')
  t.equal(await stage.answer(older), 'storeDown')
})

scenario('topics: a TTL 0 message decides nothing for the one in flight', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.ignoreRate = 1
  const older = stage.post(endpoint, { topic: 'news' })
  await stage.world.run(20)
  t.equal(await stage.answer(stage.post(endpoint, { topic: 'news', ttlSeconds: 0 })), 'delivered')
  t.equal(await stage.answer(older), 'stored')
  await stage.world.run(2 * stage.world.agentsOptions.ackTimeoutMs)
  browser.manners.ignoreRate = 0
  browser.reconnect()
  await stage.after('ackArrived', older.id)
})

scenario('topics: an acknowledgement ends the older ones in the store', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.nackRate = 1
  const older = stage.post(endpoint, { topic: 'news' })
  t.equal(await stage.answer(older), 'stored')
  browser.manners.nackRate = 0
  t.equal(await stage.answer(stage.post(endpoint, { topic: 'news' })), 'delivered')
  await stage.world.run(100)
  t.equal(stage.stored(older.id), false)
  browser.reconnect()
  await stage.allArrives()
  t.equal(stage.count('wrote', older.id), 1)
})

scenario('topics: only the newest waits for a browser that is away', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.stop()
  await stage.world.run(100)
  const older = stage.post(endpoint, { topic: 'news' })
  await stage.answer(older)
  const newer = stage.post(endpoint, { topic: 'news' })
  await stage.answer(newer)
  browser.start()
  await stage.after('ackArrived', newer.id)
  t.equal(stage.count('wrote', older.id), 0)
})

scenario('topics: a TTL 0 message in flight holds back no stored one', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.stop()
  await stage.world.run(100)
  stage.world.faults.storeHoldMs = { list: 300 }
  const stored = stage.post(endpoint, { topic: 'news' })
  await stage.answer(stored)
  browser.manners.ignoreRate = 1
  browser.start()
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  t.equal(await stage.answer(stage.post(endpoint, { topic: 'news', ttlSeconds: 0 })), 'delivered')
  await stage.after('wrote', stored.id)
  t.equal(stage.count('wrote', stored.id), 1)
})
