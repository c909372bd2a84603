import t, { type Test } from 'tap'
import { type NatsServer, startNatsCluster, startNatsServer } from './support/nats-server.ts'
import { connectedBus, EVERYONE, type TestBus } from './support/test-bus.ts'

/** No test waits this long: what is asked with it is settled by something else. */
const NEVER_MS = 600_000
const PATIENT_MS = 60_000

async function oneServer(t: Test): Promise<NatsServer> {
  const server = await startNatsServer()
  t.teardown(() => server.stop())
  return server
}

/** Three servers, each with a bus of its own that knows only this one to begin with. */
async function threeServers(t: Test) {
  const servers = await startNatsCluster()
  t.teardown(() => Promise.all(servers.map((server) => server.stop())))
  const buses = await Promise.all(servers.map((server) => connectedBus(t, [server])))
  const [first, second, third] = servers
  const [one, two, three] = buses
  if (!first || !second || !third || !one || !two || !three) throw new Error('three servers were asked for')
  return { first, second, third, one, two, three }
}

/** Interest reaches the other servers a little later than a flush is confirmed. */
async function known(bus: TestBus, address: string): Promise<void> {
  while ((await bus.ask(address, { text: 'are you there?' }, PATIENT_MS)) === 'absent');
}

function hearing(bus: TestBus, address: string) {
  const heard: string[] = []
  let wanted: { text: string; resolve: () => void } | undefined
  bus.listen(address, ({ text }, respond) => {
    heard.push(text)
    respond?.({ text })
    if (text === wanted?.text) wanted.resolve()
  })
  return {
    heard,
    hears: (text: string) => new Promise<void>((resolve) => (wanted = { text, resolve })),
  }
}

/** What every bus does while it has no connection. */
async function refusesAtOnce(t: Test, bus: TestBus): Promise<void> {
  t.equal(bus.connected, false)
  t.equal(await bus.ask('a', { text: 'hello' }, NEVER_MS), 'timeout')
  t.equal(bus.tell('a', { text: 'hello' }), 'notSent')
  await t.rejects(bus.flush(), /connection to NATS is lost/)
}

t.test('a server that hangs is noticed, pending asks settle, and all is well when it goes on', async (t) => {
  const server = await oneServer(t)
  const [node, endpoint] = [await connectedBus(t, [server]), await connectedBus(t, [server])]
  node.listen('a', (_, respond) => respond?.({ text: 'here' }))
  node.listen('silent', () => {})
  await node.flush()
  const pending = endpoint.ask('silent', { text: 'hello' }, NEVER_MS)
  await endpoint.flush()
  const lost = Promise.all([node.lost(), endpoint.lost()])
  await server.pause()
  const unflushed = [endpoint.flush(), endpoint.flush()]
  await lost
  t.equal(await pending, 'timeout')
  for (const flush of unflushed) await t.rejects(flush, /connection to NATS is lost/)
  await refusesAtOnce(t, endpoint)
  const back = Promise.all([node.restored(), endpoint.restored()])
  server.resume()
  await back
  t.same(await endpoint.ask('a', { text: 'hello' }, PATIENT_MS), { text: 'here' })
})

t.test('a server that hangs while the kernel takes no more bytes is noticed all the same', async (t) => {
  const server = await oneServer(t)
  const bus = await connectedBus(t, [server], { unconfirmedBytesMax: 64_000_000 })
  const lost = bus.lost()
  await server.pause()
  const large = { text: 'x'.repeat(500_000) }
  for (let sent = 0; sent < 100; sent += 1) t.equal(bus.tell('a', large), 'sent')
  await lost
  const back = bus.restored()
  server.resume()
  await back
  t.equal(await bus.ask('nobody', { text: 'hello' }, PATIENT_MS), 'absent')
})

t.test('no more is given to a server than it may leave unconfirmed', async (t) => {
  const server = await oneServer(t)
  const bus = await connectedBus(t, [server], { unconfirmedBytesMax: 10_000 })
  const kilobyte = { text: 'x'.repeat(1000) }
  await server.pause()
  const told = Array.from({ length: 20 }, () => bus.tell('a', kilobyte))
  t.same(new Set(told.slice(0, 9)), new Set(['sent']))
  t.same(new Set(told.slice(11)), new Set(['notSent']))
  t.equal(await bus.ask('a', kilobyte, NEVER_MS), 'timeout')
  server.resume()
  while (bus.tell('a', kilobyte) === 'notSent') await bus.flush()
  t.equal(await bus.ask('nobody', kilobyte, PATIENT_MS), 'absent')
})

t.test('a server that was killed and comes back has all listenings again', async (t) => {
  const server = await oneServer(t)
  const [node, endpoint] = [await connectedBus(t, [server]), await connectedBus(t, [server])]
  const addresses = Array.from({ length: 2500 }, (_, index) => `push.ua.${index}`)
  const listenings = addresses.map((address) =>
    node.listen(address, (_, respond) => respond?.({ text: address })),
  )
  await node.flush()
  const pending = endpoint.ask('push.ua.0', { text: 'hello' }, PATIENT_MS)
  t.same(await pending, { text: 'push.ua.0' })
  const lost = Promise.all([node.lost(), endpoint.lost()])
  await server.kill()
  await lost
  await refusesAtOnce(t, endpoint)
  listenings[7]?.stop()
  node.listen('new.while.down', (_, respond) => respond?.({ text: 'new' }))
  const back = Promise.all([node.restored(), endpoint.restored()])
  await server.restart()
  await back
  const asked = addresses.map((address) => endpoint.ask(address, { text: 'hello' }, PATIENT_MS))
  const expected = addresses.map((address, index) => (index === 7 ? 'absent' : { text: address }))
  t.same(await Promise.all(asked), expected)
  t.same(await endpoint.ask('new.while.down', { text: 'hello' }, PATIENT_MS), { text: 'new' })
})

t.test(
  'one of three servers is killed: who used it goes to another, the others notice nothing',
  async (t) => {
    const { third, one, two, three } = await threeServers(t)
    hearing(one, 'on.one')
    hearing(three, 'on.three')
    await Promise.all([one.flush(), three.flush()])
    await Promise.all([known(two, 'on.one'), known(two, 'on.three')])
    const back = three.restored()
    await third.kill()
    for (let asked = 0; asked < 100; asked += 1) {
      const text = `${asked}`
      t.same(await two.ask('on.one', { text }, PATIENT_MS), { text })
    }
    await back
    await known(two, 'on.three')
    t.same(await two.ask('on.three', { text: 'back' }, PATIENT_MS), { text: 'back' })
    t.same([one.failures, two.failures], [[], []])
  },
)

t.test('a hint that could not be sent is told when the connection is back', async (t) => {
  const { third, one, two, three } = await threeServers(t)
  const { heard, hears } = hearing(one, 'on.one')
  await one.flush()
  await Promise.all([known(two, 'on.one'), known(three, 'on.one')])
  const heardLast = hears('hint 2')
  const lost = three.lost()
  const killed = third.kill()
  // It may be connected again before the end of the server is known here.
  await lost
  t.equal(three.tell('on.one', { text: 'told once' }), 'notSent')
  t.equal(three.tell('on.one', { text: 'hint 1' }), 'notSent')
  t.equal(three.tell('on.one', { text: 'hint 2' }), 'notSent')
  t.equal(three.unconfirmedTells, 1)
  await heardLast
  t.same(
    heard.filter((text) => text !== 'are you there?'),
    ['hint 2'],
    'one for an address, the newest',
  )
  await killed
  while (three.unconfirmedTells > 0) await three.flush()
})

t.test('a hint that a hung server swallowed is told again through another', async (t) => {
  const { third, one, three } = await threeServers(t)
  const { hears } = hearing(one, 'on.one')
  await one.flush()
  await known(three, 'on.one')
  const heard = hears('hint')
  await third.pause()
  t.equal(three.tell('on.one', { text: 'hint' }), 'sent')
  await heard
  third.resume()
  t.equal(three.connected, true)
})

t.test('more hints than can be kept become one to everyone', async (t) => {
  const servers = await startNatsCluster()
  t.teardown(() => Promise.all(servers.map((server) => server.stop())))
  const [first, second] = servers
  if (!first || !second) throw new Error('three servers were asked for')
  const node = await connectedBus(t, [first])
  const repeated = { isRepeated: ({ text }: { text: string }) => text === 'hint', max: 3, everyone: EVERYONE }
  const endpoint = await connectedBus(t, [second], { repeated })
  const { heard } = hearing(node, 'on.node')
  const everyone = hearing(node, EVERYONE.address)
  await node.flush()
  await Promise.all([known(endpoint, 'on.node'), known(endpoint, EVERYONE.address)])
  const told = everyone.hears(EVERYONE.message.text)
  const lost = endpoint.lost()
  const killed = second.kill()
  await lost
  for (const address of ['on.node', 'a', 'b', 'c']) endpoint.tell(address, { text: 'hint' })
  t.equal(endpoint.unconfirmedTells, 1)
  await told
  t.notOk(heard.includes('hint'))
  await killed
})

t.test('close ends while the server hangs', async (t) => {
  const server = await oneServer(t)
  const bus = await connectedBus(t, [server])
  await server.pause()
  const pending = bus.ask('a', { text: 'hello' }, NEVER_MS)
  await bus.close()
  t.equal(await pending, 'timeout')
  t.equal(bus.connected, false)
})
