import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { freePort } from './free-port.ts'
import { NATS_SERVER } from './nats-server-program.ts'
import { requireProgram } from './programs.ts'

/** What a server is started with. */
export interface NatsServerOptions {
  /** Lines of configuration beyond its ports, such as accounts. */
  readonly config?: string
}

/** One nats-server on loopback. It keeps its ports through restarts. */
export interface NatsServer {
  /** `host:port` */
  readonly address: string
  /** What it has written since its last start, for the message of a failed test. */
  readonly output: string
  /** SIGSTOP: hangs, with its connections open; resolves when it does nothing any more. */
  pause(): Promise<void>
  /** SIGCONT: goes on after a pause. */
  resume(): void
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>
  /** Starts again after a kill; resolves when it takes connections. */
  restart(): Promise<void>
  /** Ends it for good and removes its files. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 20_000

/** Starts one server by itself; resolves when it takes connections. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await LocalNatsServer.create(options, await freePort(), undefined)
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
      return LocalNatsServer.create(options, port, { routePort, routes, monitorPort })
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
  readonly #program: string
  readonly #folder: string
  #run: ServerRun | undefined

  private constructor(program: string, folder: string, address: string) {
    this.#program = program
    this.#folder = folder
    this.address = address
  }

  static async create(
    options: NatsServerOptions,
    port: number,
    routing: Routing | undefined,
  ): Promise<LocalNatsServer> {
    const program = await requireProgram(NATS_SERVER)
    const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-nats-'))
    await writeFile(path.join(folder, 'server.conf'), configuration(options, port, routing))
    return new LocalNatsServer(program, folder, `127.0.0.1:${port}`)
  }

  get output(): string {
    return this.#run?.output ?? ''
  }

  async pause(): Promise<void> {
    this.#run?.child.kill('SIGSTOP')
    while (!(await this.#run?.stopped()));
  }

  resume(): void {
    this.#run?.child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    this.#run?.child.kill('SIGKILL')
    await this.#run?.ended
  }

  async restart(): Promise<void> {
    this.#run = new ServerRun(this.#program, path.join(this.#folder, 'server.conf'))
    await this.#run.ready
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** One run of the program: its process and what it wrote. */
class ServerRun {
  readonly child: ChildProcess
  readonly ended: Promise<void>
  /** Settles when it takes connections, or has ended before. */
  readonly ready: Promise<void>
  output = ''

  constructor(program: string, config: string) {
    const child = spawn(program, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child = child
    // A test that throws must leave no process behind.
    const reap = () => child.kill('SIGKILL')
    process.once('exit', reap)
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        process.off('exit', reap)
        resolve()
      })
    })
    const ready = new Promise<void>((resolve, reject) => {
      createInterface(child.stderr).on('line', (line) => {
        this.output += `${line}\n`
        if (line.includes('Server is ready')) resolve()
      })
      child.once('error', reject)
      void this.ended.then(() => reject(new Error(`nats-server ended:\n${this.output}`)))
    })
    this.ready = within(systemClock, START_TIMEOUT_MS, ready, () => {
      throw new Error(`nats-server is not ready after ${START_TIMEOUT_MS} ms:\n${this.output}`)
    })
  }

  /** Whether a SIGSTOP has come into force (proc(5), the field after the name). */
  async stopped(): Promise<boolean> {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')')).startsWith(') T')
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
