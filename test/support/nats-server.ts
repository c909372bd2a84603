import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../../bench/lab/free-ports.ts'
import { systemClock } from '../../cluster/clock.ts'
import { NATS_SERVER } from './nats-server-program.ts'
import { requireProgram } from './programs.ts'
import { type ProcessOptions, ServerProcess } from './server-process.ts'

/** What a server is started with. */
export interface NatsServerOptions {
  /** Lines of configuration beyond its ports, such as accounts. */
  readonly config?: string
  /** More about its process. */
  readonly process?: ProcessOptions
}

/** One nats-server on loopback. It keeps its ports through restarts. */
export interface NatsServer {
  /** `host:port` */
  readonly address: string
  /** Its run, once it was started. */
  readonly process: ServerProcess
  /** What it has written since its last start, for the message of a failed test. */
  readonly output: string
  /** SIGSTOP: hangs, with its connections open; resolves when it does nothing any more. */
  pause(): Promise<void>
  /** SIGCONT: goes on after a pause. */
  resume(): void
  /** Ends it, by SIGKILL unless told otherwise; resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts again after a kill; resolves when it takes connections. */
  restart(): Promise<void>
  /** Ends it for good and removes its files. */
  stop(): Promise<void>
}

/** Variable of the environment with the URL of a running server that wants no credentials. */
const URL_VARIABLE = 'PUSHGRID_TEST_NATS_URL'
const START_TIMEOUT_MS = 60_000

/** A server for tests that leave it alone: the running one of the environment, or one started for them. */
export async function useNatsServer(): Promise<Pick<NatsServer, 'address' | 'stop'>> {
  const url = process.env[URL_VARIABLE]
  if (!url) return startNatsServer()
  return { address: new URL(url).host, stop: () => Promise.resolve() }
}

/** Starts one server by itself; resolves when it takes connections. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await LocalNatsServer.create(options, 'nats', await freePort(), undefined)
  await server.restart()
  return server
}

/** Starts a cluster of three; resolves when each has a route to both of the others. */
export async function startNatsCluster(options: NatsServerOptions = {}): Promise<readonly NatsServer[]> {
  const ports = await distinctPorts(9)
  const routes = ports.slice(3, 6)
  const monitors = ports.slice(6)
  const servers = await Promise.all(
    ports.slice(0, 3).map((port, index) => {
      const [routePort = 0, monitorPort = 0] = [routes[index], monitors[index]]
      return LocalNatsServer.create(options, `nats-${index + 1}`, port, { routePort, routes, monitorPort })
    }),
  )
  await Promise.all(servers.map((server) => server.restart()))
  await Promise.all(monitors.map((port) => routed(port, servers.length - 1)))
  return servers
}

interface Routing {
  readonly routePort: number
  readonly routes: readonly number[]
  /** Port of the server's own HTTP side, which knows its routes. */
  readonly monitorPort: number
}

class LocalNatsServer implements NatsServer {
  readonly address: string
  readonly #name: string
  readonly #options: NatsServerOptions
  readonly #program: string
  readonly #folder: string
  #run: ServerProcess | undefined

  private constructor(
    name: string,
    options: NatsServerOptions,
    program: string,
    folder: string,
    address: string,
  ) {
    this.#name = name
    this.#options = options
    this.#program = program
    this.#folder = folder
    this.address = address
  }

  static async create(
    options: NatsServerOptions,
    name: string,
    port: number,
    routing: Routing | undefined,
  ): Promise<LocalNatsServer> {
    const program = await requireProgram(NATS_SERVER)
    const folder = await mkdtemp(path.join(tmpdir(), `pushgrid-${name}-`))
    await writeFile(path.join(folder, 'server.conf'), configuration(options, port, routing))
    return new LocalNatsServer(name, options, program, folder, `127.0.0.1:${port}`)
  }

  get process(): ServerProcess {
    if (this.#run === undefined) throw new Error(`${this.#name} was never started`)
    return this.#run
  }

  get output(): string {
    return this.#run?.output ?? ''
  }

  async pause(): Promise<void> {
    this.#run?.signal('SIGSTOP')
    await this.#run?.stopped()
  }

  resume(): void {
    this.#run?.signal('SIGCONT')
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#run?.kill(signal)
  }

  async restart(): Promise<void> {
    this.#run = new ServerProcess({
      name: this.#name,
      ...this.#options.process?.(this.#name),
      program: this.#program,
      entrypoint: NATS_SERVER.files[0],
      args: ['--config', path.join(this.#folder, 'server.conf')],
      folder: this.#folder,
    })
    await this.#run.says('Server is ready')
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Waits until a server has routes to that many others. It says so only when asked. */
async function routed(monitorPort: number, others: number): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  while (systemClock.monotonicMs() - startedMs < START_TIMEOUT_MS) {
    const answer = await fetch(`http://127.0.0.1:${monitorPort}/routez`)
    const { routes = [] } = (await answer.json()) as { routes?: { remote_id: string }[] }
    if (new Set(routes.map((route) => route.remote_id)).size >= others) return
  }
  throw new Error(`no routes to ${others} other nats-servers after ${START_TIMEOUT_MS} ms`)
}

/** Servers notice each other's hanging as fast as Pushgrid's deployments do; nothing else differs from the defaults. */
function configuration(options: NatsServerOptions, port: number, routing: Routing | undefined): string {
  const lines = [`listen: "127.0.0.1:${port}"`, options.config ?? '']
  if (routing !== undefined) {
    const routes = routing.routes.map((route) => `"nats://127.0.0.1:${route}"`).join(', ')
    lines.push(
      `http: "127.0.0.1:${routing.monitorPort}"`,
      'cluster {',
      '  name: test',
      `  listen: "127.0.0.1:${routing.routePort}"`,
      `  routes: [${routes}]`,
      '  ping_interval: "1s"',
      '  ping_max: 2',
      '}',
    )
  }
  return `${lines.join('\n')}\n`
}

async function distinctPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}
