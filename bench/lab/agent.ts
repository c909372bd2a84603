import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A user agent with one channel that acknowledges whatever it gets. */
export interface BenchAgent {
  /** Path of its endpoint. */
  readonly endpointPath: string
  close(): void
}

/** Connects, says hello and registers one channel. `received` is called for each notification. */
export async function connectAgent(wsUrl: string, received: () => void): Promise<BenchAgent> {
  const socket = new WebSocket(wsUrl, 'push-notification', { perMessageDeflate: false })
  await once(socket, 'open')
  socket.send('{"messageType":"hello","use_webpush":true}')
  await once(socket, 'message')
  socket.send(JSON.stringify({ messageType: 'register', channelID: randomUUID() }))
  const [registered] = await once(socket, 'message')
  const { pushEndpoint }: { pushEndpoint: string } = JSON.parse(String(registered))
  socket.on('message', (data) => {
    const { channelID, version } = JSON.parse(String(data))
    socket.send(JSON.stringify({ messageType: 'ack', updates: [{ channelID, version, code: 100 }] }))
    received()
  })
  return { endpointPath: new URL(pushEndpoint).pathname, close: () => socket.terminate() }
}

/** Connects many, some at a time. */
export async function connectAgents(
  wsUrl: string,
  count: number,
  atATime: number,
  received: () => void,
): Promise<BenchAgent[]> {
  const agents: BenchAgent[] = []
  while (agents.length < count) {
    const some = Math.min(atATime, count - agents.length)
    agents.push(...(await Promise.all(Array.from({ length: some }, () => connectAgent(wsUrl, received)))))
  }
  return agents
}
