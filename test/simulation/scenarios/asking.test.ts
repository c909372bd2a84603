import { scenario } from './scenario.ts'

scenario('asking: acknowledged within the grace, nothing touches the store', {}, async (t, stage) => {
  const { endpoint } = await stage.online()
  const posted = stage.post(endpoint)
  t.equal(await stage.answer(posted), 'delivered')
  t.equal(stage.world.ledger.message(posted.id).everKept, false)
})

scenario('asking: the lost ack', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  const posted = stage.post(endpoint)
  await stage.after('acked', posted.id)
  browser.roam()
  t.equal(await stage.answer(posted), 'stored', 'nobody heard the ack')
  await stage.world.until('the copy is acknowledged too', () => stage.count('ackArrived', posted.id) === 1)
  await stage.allArrives()
  t.equal(stage.count('wrote', posted.id), 2, 'once in each session')
  t.equal(stage.stored(posted.id), false)
})

scenario('asking: the timed-out request that was delivered', { bus: 'network' }, async (t, stage) => {
  const { endpoint } = await stage.online()
  stage.world.faults.replyLossRate = 1
  const posted = stage.post(endpoint)
  await stage.after('ackArrived', posted.id)
  t.equal(await stage.answer(posted), 'stored', 'the endpoint only knows that it got no answer')
  await stage.allArrives()
  t.equal(stage.count('wrote', posted.id), 1, 'the copy in the store is deleted, not sent')
  t.equal(stage.stored(posted.id), false)
})

scenario('asking: gone of an older session is a hint', {}, async (t, stage) => {
  const { browser } = await stage.online()
  // The old session hears the displacement late, and answers for a channel it does not know.
  browser.roam()
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  const endpoint = await stage.subscribe(browser)
  const posted = stage.post(endpoint)
  t.match(await stage.answer(posted), /delivered|stored/)
  await stage.allArrives()
  t.equal(stage.count('ackArrived', posted.id), 1)
})

scenario(
  'asking: gone wins the race of two sessions, and the store overrules it',
  { bus: 'network' },
  async (t, stage) => {
    const { browser } = await stage.online()
    stage.world.faults.tellLossRate = 1
    browser.roam()
    await stage.world.until('the browser is back', () => browser.session !== undefined)
    const endpoint = await stage.subscribe(browser)
    browser.manners.ackDelayMs = [100, 100]
    const posted = stage.post(endpoint)
    t.equal(await stage.answer(posted), 'stored')
    await stage.allArrives()
    // The older session, which nobody reads any more, may have found the copy of the store.
    const { writes } = stage.world.ledger.message(posted.id)
    t.equal(writes.filter(({ link }) => link === browser.session?.number).length, 1)
  },
)

scenario('asking: TTL 0 is answered when it is written, and never stored', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  t.equal(await stage.answer(stage.post(endpoint, { ttlSeconds: 0 })), 'delivered')
  browser.stop()
  await stage.world.run(100)
  t.equal(await stage.answer(stage.post(endpoint, { ttlSeconds: 0 })), 'dropped')
})

scenario('one operation at a time: an ack while the put runs answers at once', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.ackDelayMs = [400, 400]
  stage.world.faults.storeHoldMs = { put: 1000 }
  const posted = stage.post(endpoint)
  t.equal(await stage.answer(posted), 'delivered')
  t.equal(stage.stored(posted.id), false, 'before the put is done')
  await stage.after('ackArrived', posted.id)
  await stage.world.run(3000)
  t.equal(stage.world.ledger.message(posted.id).everKept, true)
  t.equal(stage.stored(posted.id), false, 'deleted once it was')
})

scenario('one operation at a time: delete while the put runs', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  browser.manners.ignoreRate = 1
  stage.world.faults.storeHoldMs = { put: 1000 }
  const posted = stage.post(endpoint)
  await stage.world.run(600)
  const deleted = stage.world.senders.delete(stage.server('delivery'), posted.id)
  await stage.after('deleted', posted.id)
  t.equal(await deleted, 'removed')
  t.equal(stage.stored(posted.id), false)
  browser.reconnect()
  await stage.allArrives()
  t.equal(stage.count('wrote', posted.id), 1, 'it does not come back')
})

scenario('one operation at a time: a failing store, and an ack after the grace', {}, async (t, stage) => {
  const { browser, endpoint } = await stage.online()
  stage.world.faults.storeDown = true
  browser.manners.ackDelayMs = [1000, 1000]
  t.equal(await stage.answer(stage.post(endpoint)), 'delivered')
  browser.manners.ignoreRate = 1
  t.equal(await stage.answer(stage.post(endpoint)), 'storeDown')
})

scenario(
  'one operation at a time: a put that timed out and is done later',
  { bus: 'network', store: 'mongodb' },
  async (t, stage) => {
    const { browser, endpoint } = await stage.online()
    browser.stop()
    await stage.world.run(100)
    stage.world.faults.storeHoldMs = { insert: 4000 }
    const posted = stage.post(endpoint)
    t.equal(await stage.answer(posted), 'storeDown')
    browser.start()
    await stage.after('kept', posted.id).catch(() => {})
    await stage.allArrives()
    t.equal(stage.count('ackArrived', posted.id), 1, 'the hint follows the put, however late')
  },
)
