import t, { type Test } from 'tap'
import { type BusUnderTest, busContract, type Note } from '../cluster/bus.contract.ts'
import type { Respond } from '../cluster/bus.ts'
import { systemClock } from '../cluster/clock.ts'
import { startNatsServer, useNatsServer } from './support/nats-server.ts'
import { connectedBus, TestBus } from './support/test-bus.ts'

/** No test waits this long: what is asked with it is settled by something else. */
const NEVER_MS = 600_000
const PATIENT_MS = 60_000

const server = await useNatsServer()
t.teardown(() => server.stop())

busContract('NatsBus', async (): Promise<BusUnderTest> => {
  const bus = new TestBus([server], {})
  await bus.restored()
  return { bus, elapse: (ms) => new Promise((resolve) => void systemClock.after(ms, resolve)) }
})

/** An address whose asks are held, to be answered when the test wants it. */
async function holding(t: Test, address: string): Promise<Respond<Note>[]> {
  const bus = await connectedBus(t, [server])
  const held: Respond<Note>[] = []
  bus.listen(address, (_, respond) => {
    if (respond) held.push(respond)
  })
  await bus.flush()
  return held
}

t.test('processes reach each other, and no responders is absent at once', async (t) => {
  const [node, endpoint] = [await connectedBus(t, [server]), await connectedBus(t, [server])]
  t.equal(await endpoint.ask('push.ua.1', { text: 'hello' }, NEVER_MS), 'absent')
  const listening = node.listen('push.ua.1', ({ text }, respond) => respond?.({ text: `${text} heard` }))
  await node.flush()
  t.same(await endpoint.ask('push.ua.1', { text: 'hello' }, PATIENT_MS), { text: 'hello heard' })
  listening.stop()
  await node.flush()
  t.equal(await endpoint.ask('push.ua.1', { text: 'hello' }, NEVER_MS), 'absent')
})

t.test('a request that is not understood is reported, and what comes next is handled', async (t) => {
  const [node, endpoint] = [await connectedBus(t, [server]), await connectedBus(t, [server])]
  node.listen('a', ({ text }, respond) => respond?.({ text }))
  await node.flush()
  endpoint.tell('a', { text: '?of another version' })
  t.same(await endpoint.ask('a', { text: 'plain' }, PATIENT_MS), { text: 'plain' })
  t.match(node.failures, [{ what: 'decode', address: 'a', error: /of another version/ }])
})

t.test('a reply that is not understood is reported and counts as none', async (t) => {
  const [node, endpoint] = [await connectedBus(t, [server]), await connectedBus(t, [server])]
  node.listen('a', (_, respond) => respond?.({ text: '?of another version' }))
  await node.flush()
  const failed = endpoint.failed()
  const asked = endpoint.ask('a', { text: 'hello' }, NEVER_MS)
  await failed
  t.match(endpoint.failures, [{ what: 'decode', error: /of another version/ }])
  t.equal(endpoint.pendingAsks, 1)
  await endpoint.close()
  t.equal(await asked, 'timeout')
})

t.test('pending asks are limited in number: one more is a time-out at once', async (t) => {
  const held = await holding(t, 'held')
  const endpoint = await connectedBus(t, [server], { pendingAsksMax: 2 })
  const asked = ['1', '2'].map((text) => endpoint.ask('held', { text }, NEVER_MS))
  t.equal(await endpoint.ask('held', { text: '3' }, NEVER_MS), 'timeout')
  t.equal(endpoint.pendingAsks, 2)
  await endpoint.flush()
  t.equal(await endpoint.ask('nobody', { text: '4' }, NEVER_MS), 'timeout')
  while (held.length < 2) await endpoint.flush()
  for (const respond of held) respond({ text: 'done' })
  t.same(await Promise.all(asked), [{ text: 'done' }, { text: 'done' }])
  t.equal(endpoint.pendingAsks, 0)
  t.equal(await endpoint.ask('nobody', { text: '5' }, NEVER_MS), 'absent')
  t.equal(held.length, 2, 'what was over the limit was not sent')
})

t.test('pending asks are limited in bytes', async (t) => {
  const held = await holding(t, 'large')
  const endpoint = await connectedBus(t, [server], { pendingBytesMax: 1000 })
  const asked = endpoint.ask('large', { text: 'x'.repeat(600) }, NEVER_MS)
  t.equal(await endpoint.ask('large', { text: 'x'.repeat(600) }, NEVER_MS), 'timeout')
  t.equal(await endpoint.ask('nobody', { text: 'x'.repeat(300) }, NEVER_MS), 'absent')
  while (held.length < 1) await endpoint.flush()
  held[0]?.({ text: 'done' })
  t.same(await asked, { text: 'done' })
})

t.test('an address that would be no subject, or many, is a defect', async (t) => {
  const bus = await connectedBus(t, [server])
  for (const address of ['', 'a b', 'a.*', 'a.>', 'a..b', 'a.', '.a']) {
    t.throws(() => bus.listen(address, () => {}), { name: 'RangeError' }, `"${address}"`)
  }
})

t.test('a message that the server would refuse is reported and not sent', async (t) => {
  const bus = await connectedBus(t, [server])
  const tooLarge = { text: 'x'.repeat(2_000_000) }
  t.equal(bus.tell('a', tooLarge), 'notSent')
  t.equal(await bus.ask('a', tooLarge, NEVER_MS), 'timeout')
  t.match(bus.failures, [
    { what: 'publish', address: 'a', error: /max_payload/ },
    { what: 'publish', address: 'a' },
  ])
  t.equal(
    await bus.ask('nobody', { text: 'small' }, NEVER_MS),
    'absent',
    'the connection is as good as before',
  )
})

t.test('a bus that never found a server refuses at once, and closes', async (t) => {
  const elsewhere = await startNatsServer()
  await elsewhere.stop()
  const bus = new TestBus([elsewhere], {})
  t.equal(await bus.ask('a', { text: 'hello' }, NEVER_MS), 'timeout')
  t.equal(bus.tell('a', { text: 'hello' }), 'notSent')
  await t.rejects(bus.flush(), /connection to NATS is lost/)
  await bus.close()
  t.equal(bus.connected, false)
})

t.test('close sends what was told before it', async (t) => {
  const node = await connectedBus(t, [server])
  const heard = new Promise<string>((resolve) => node.listen('last', ({ text }) => resolve(text)))
  await node.flush()
  const endpoint = await connectedBus(t, [server])
  endpoint.tell('last', { text: 'words' })
  await endpoint.close()
  t.equal(await heard, 'words')
})
