import { randomBytes } from 'node:crypto'
import { freePorts } from '../../bench/lab/free-ports.ts'
import { LocalMongoServer } from './mongodb-server.ts'
import { type NatsServer, startNatsCluster, startNatsServer } from './nats-server.ts'
import { UNHURRIED } from './patient.ts'
import { stopped } from './process-state.ts'
import { type Exit, PushgridProcess } from './pushgrid-process.ts'
import { schemesOf } from './schemes.ts'
import type { TcpProxy } from './tcp-proxy.ts'

const PROCESSES_MAX = 30

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly nodes: number
  readonly endpoints: number
  /** One, by default, or a cluster of three: nodes, and endpoints after them, take them by turns. */
  readonly natsServers?: 1 | 3
  /** Stands between the last endpoint and its NATS server. */
  readonly natsProxy?: TcpProxy
  /** Settings (`PUSHGRID_...`) of all processes beyond where to listen and whom to connect to. */
  readonly env?: Readonly<Record<string, string>>
}

/** Nodes and endpoints of Pushgrid on NATS servers and a MongoDB server of their own, all on loopback. */
export class Cluster {
  readonly natsServers: readonly NatsServer[]
  readonly mongodb: LocalMongoServer
  /** What all processes are told (`PUSHGRID_...`). */
  readonly settings: Readonly<Record<string, string>>
  readonly nodes: readonly Member[]
  readonly endpoints: readonly Member[]

  private constructor(
    natsServers: readonly NatsServer[],
    mongodb: LocalMongoServer,
    settings: Readonly<Record<string, string>>,
    nodes: readonly Member[],
    endpoints: readonly Member[],
  ) {
    this.natsServers = natsServers
    this.mongodb = mongodb
    this.settings = settings
    this.nodes = nodes
    this.endpoints = endpoints
  }

  /** Starts everything; resolves once all listen. */
  static async start({ nodes, endpoints, env, ...nats }: ClusterOptions): Promise<Cluster> {
    // Each process that runs is to end with ours, and listens for that.
    process.setMaxListeners(PROCESSES_MAX)
    const isNatsCluster = nats.natsServers === 3
    const [natsServers, mongodb, ports] = await Promise.all([
      isNatsCluster ? startNatsCluster() : startNatsServer().then((server) => [server]),
      LocalMongoServer.start(),
      freePorts(nodes + endpoints),
    ])
    const shared = {
      PUSHGRID_NATS_URL: natsServers.map(({ address }) => `nats://${address}`).join(),
      PUSHGRID_MONGODB_URL: mongodb.freshUrl(),
      PUSHGRID_SERVICE_KEYS: randomBytes(32).toString('hex'),
      // Nobody waits for waves of connections unless a test is about them.
      PUSHGRID_DRAIN_MS: '0',
      // Who is about to say hello may be slow to.
      PUSHGRID_HELLO_TIMEOUT_MS: '60000',
      // In a deployment it is that of the proxy in front of all endpoints.
      PUSHGRID_PUBLIC_URL: `${schemesOf(env).http}://localhost:${ports[nodes]}`,
      ...UNHURRIED,
      ...env,
    }
    /** Each begins with a server of its own, and hears of the others from that one. */
    const settingsOf = (index: number) => {
      const { address = '' } = natsServers[index % natsServers.length] ?? {}
      const isLast = index === nodes + endpoints - 1
      if (isLast) nats.natsProxy?.forwardTo([address])
      const via = isLast && nats.natsProxy !== undefined ? nats.natsProxy.address : address
      return { ...shared, PUSHGRID_NATS_URL: `nats://${via}` }
    }
    const cluster = new Cluster(
      natsServers,
      mongodb,
      shared,
      ports.slice(0, nodes).map((port, index) => new Member('node', port, settingsOf(index))),
      ports.slice(nodes).map((port, index) => new Member('endpoint', port, settingsOf(nodes + index))),
    )
    await Promise.all(cluster.members.map((member) => member.restart()))
    return cluster
  }

  /** The first of its NATS servers. */
  get nats(): NatsServer {
    return existing(this.natsServers, 0)
  }

  node(index: number): Member {
    return existing(this.nodes, index)
  }

  endpoint(index: number): Member {
    return existing(this.endpoints, index)
  }

  /** Ends everything that runs, and removes all data. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill('SIGTERM')))
    await Promise.all([...this.natsServers.map((server) => server.stop()), this.mongodb.stop()])
  }

  get members(): readonly Member[] {
    return [...this.nodes, ...this.endpoints]
  }
}

/** A node or an endpoint of a cluster. It keeps its port through restarts. */
export class Member {
  /** Where a node takes websockets, or an endpoint requests. */
  readonly url: string
  readonly #start: () => PushgridProcess
  #process: PushgridProcess | undefined

  constructor(role: 'node' | 'endpoint', port: number, shared: Readonly<Record<string, string>>) {
    const { ws, http } = schemesOf(shared)
    this.url = role === 'node' ? `${ws}://127.0.0.1:${port}/` : `${http}://127.0.0.1:${port}`
    const variable = role === 'node' ? 'PUSHGRID_WS_PORT' : 'PUSHGRID_HTTP_PORT'
    this.#start = () => new PushgridProcess(role, { ...shared, [variable]: `${port}` })
  }

  /** Its run, once it was started. */
  get process(): PushgridProcess {
    if (this.#process === undefined) throw new Error('it was never started')
    return this.#process
  }

  get exit(): Exit | undefined {
    return this.#process?.exit
  }

  get output(): string {
    return this.#process?.output ?? ''
  }

  /** The status of its health check. */
  async health(): Promise<number> {
    return (await this.healthReport()).status
  }

  /** What its health check answers. */
  async healthReport(): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(new URL('/health', this.url.replace('ws:', 'http:')))
    return { status: answer.status, body: await answer.json() }
  }

  /** Lets it read its map of cells and its certificate again. */
  hangUp(): void {
    this.#process?.signal('SIGHUP')
  }

  /** SIGSTOP: hangs, with its connections open; resolves when it does nothing any more. */
  async pause(): Promise<void> {
    this.process.signal('SIGSTOP')
    await stopped(this.process.pid)
  }

  /** SIGCONT: goes on after a pause. */
  resume(): void {
    this.process.signal('SIGCONT')
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<Exit> {
    return (await this.#process?.kill(signal)) ?? { code: null, signal: null }
  }

  /** Starts it, again if it has ended; resolves once it listens. */
  async restart(): Promise<void> {
    this.#process = this.#start()
    await this.#process.listening
  }
}

function existing<T>(members: readonly T[], index: number): T {
  const member = members[index]
  if (member === undefined) throw new RangeError(`there are ${members.length} of these, not ${index + 1}`)
  return member
}
