import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { type WebSocket as Peer, WebSocketServer } from 'ws'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { nowUs, Recorder } from '../measure/recorder.ts'
import { placeOf } from './place.ts'
import { type AgentWorld, Fleet, UserAgent } from './user-agent.ts'
import { WebSocketDialer } from './web-socket.ts'

/** A server that answers everything but `unregister`, and gives the channels that it was asked to end. */
async function serverOf(t: Test) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const ended: string[] = []
  server.on('connection', (socket) =>
    socket.on('message', (text) => {
      const { messageType, channelID } = JSON.parse(String(text))
      if (messageType === 'unregister') ended.push(channelID)
      else say(socket, { messageType, channelID, uaid: 'u', pushEndpoint: `http://127.0.0.1:1/${channelID}` })
    }),
  )
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { server, ended, url: `ws://127.0.0.1:${port}/` }
}

function say(socket: Peer, frame: object): void {
  socket.send(JSON.stringify({ status: 200, ...frame }))
}

/** A user agent with two channels that is connected to that server. */
async function agentAt(url: string) {
  const random = createSystemRandom()
  const fleet = new Fleet()
  const world: AgentWorld = {
    recorder: new Recorder(),
    dialer: new WebSocketDialer(await placeOf(new URL(url), true), random),
    clock: systemClock,
    random,
    timeoutMs: 60_000,
    channels: 2,
    broadcasts: undefined,
    fleet,
    now: nowUs,
    localAddress: () => undefined,
    application: () => undefined,
    broadcast: () => {},
  }
  const agent = new UserAgent(world)
  await new Promise<unknown>((resolve) => agent.connect(nowUs(), resolve))
  return { agent, fleet }
}

t.test(
  'a subscription that is ended by two at a time: both are told, and the user agent retires',
  async (t) => {
    const { server, ended, url } = await serverOf(t)
    const { agent, fleet } = await agentAt(url)
    const [first, second] = agent.channels
    if (first === undefined || second === undefined) throw new Error('it has no channels')
    const said: string[] = []
    agent.unregister(first, (channel) => said.push(channel === first ? 'before' : 'failed'))
    const retired = new Promise<void>((resolve) => agent.retire(resolve))
    agent.unregister(second, (channel) => said.push(channel === second ? 'after' : 'failed'))
    t.equal(fleet.retiring.size, 1)
    const [socket] = server.clients
    if (socket === undefined) throw new Error('it is not connected')
    // A frame behind them: all that was to be asked was asked.
    agent.register(nowUs(), () => {
      for (const channelID of ended) say(socket, { messageType: 'unregister', channelID })
    })
    await retired
    t.same(said, ['before', 'after'])
    t.same(ended, [first.id, second.id], 'each was ended once')
    t.same(fleet.gone, [first, second])
    t.equal(fleet.retiring.size + fleet.ready.size + fleet.away.size, 0)
  },
)

t.test('one that retires can leave before it is answered', async (t) => {
  const { url } = await serverOf(t)
  const { agent, fleet } = await agentAt(url)
  agent.retire(() => t.fail('it could not end its subscriptions'))
  const [retiring] = fleet.retiring
  t.equal(retiring, agent)
  await new Promise<void>((resolve) => agent.leave('close', resolve))
  t.equal(agent.isConnected, false)
  t.equal(fleet.retiring.size, 0)
})
