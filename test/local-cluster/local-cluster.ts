import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { freePort, isFree } from '../../bench/lab/free-ports.ts'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { keptServiceKeys } from '../../deploy/data-folder.ts'
import { formatServiceKey } from '../../deploy/service-keys.ts'
import { StartError } from '../../deploy/start-error.ts'
import { type FolderLock, lockFolder } from '../../store/folder-lock.ts'
import { HAPROXY } from '../support/haproxy-program.ts'
import { LocalMongoServer } from '../support/mongodb-server.ts'
import { startNatsCluster } from '../support/nats-server.ts'
import { UNHURRIED } from '../support/patient.ts'
import { requireProgram } from '../support/programs.ts'
import { type ProcessOptions, ServerProcess } from '../support/server-process.ts'
import { PartLogs } from './part-logs.ts'

/** How to run a local cluster. */
export interface LocalClusterOptions {
  /** Port of the proxy; 0 takes a free one. */
  readonly port: number
  /** Where data, keys and logs are kept. */
  readonly dataDir: string
  /** Told of each part that ends by itself; the others go on. */
  readonly ended: (name: string, how: string) => void
}

/** A process of the cluster. */
export interface Part {
  readonly process: Pick<ServerProcess, 'name' | 'pid' | 'ended' | 'kill'>
  /** `host:port` */
  readonly address: string
  readonly logFile: string
}

interface StoppablePart extends Part {
  stop(): Promise<void>
}

type Settings = Readonly<Record<string, string>>

const ROOT = path.resolve(import.meta.dirname, '../../..')
const CLI = path.join(ROOT, 'dist/deploy/cli.js')
/** What an operator's proxy is configured with, too. */
export const PROXY_CONFIGURATION = path.join(ROOT, 'deploy/proxy/haproxy.cfg')
const DATABASE = 'pushgrid'
const NUMBERS = [1, 2]
/** Between two looks whether the proxy serves. */
const LOOK_AGAIN_MS = 50

/**
 * Three nats-servers, a MongoDB server, two nodes, two endpoints and HAProxy in front of them. Each has a process group of its own, so
 * that Ctrl+C reaches them only through `stop`; whatever runs when this process exits is killed.
 */
export class LocalCluster {
  readonly #options: LocalClusterOptions
  readonly #logs: PartLogs
  /** All that were ever started, also those that are not ready yet. */
  readonly #processes: ServerProcess[] = []
  /** In the order in which they were started. */
  readonly #waves: StoppablePart[][] = []
  #lock: FolderLock | undefined
  #port = 0
  #isStopping = false

  constructor(options: LocalClusterOptions) {
    this.#options = options
    this.#logs = new PartLogs(path.join(options.dataDir, 'logs'))
  }

  /** Port of the proxy. */
  get port(): number {
    return this.#port
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  get parts(): readonly Part[] {
    return this.#waves.flat()
  }

  /** Starts everything, and resolves when it serves. @throws when a part can't, with its name and its last words */
  async start(): Promise<void> {
    const { port, dataDir } = this.#options
    this.#lock = await lockFolder(dataDir)
    if (port !== 0 && !(await isFree(port))) {
      const advice = 'stop what listens there, or choose another with --port'
      throw new StartError(`port ${port} on 127.0.0.1 is in use: ${advice}`)
    }
    this.#port = port === 0 ? await freePort() : port
    const settings = await this.#startServers()
    const addresses = {
      ...(await this.#startRoles('node', settings)),
      ...(await this.#startRoles('endpoint', settings)),
    }
    await this.#startProxy(addresses)
  }

  /** Ends what runs: those that take work before those that they need. */
  async stop(): Promise<'stopped'> {
    this.#isStopping = true
    for (const wave of this.#waves.toReversed()) await Promise.all(wave.map((part) => part.stop()))
    await Promise.all(this.#processes.map((one) => one.kill('SIGKILL')))
    await this.#lock?.close()
    return 'stopped'
  }

  readonly #processOptions: ProcessOptions = (name) => {
    return {
      isDetached: true,
      onLine: this.#logs.open(name),
      onStart: (one) => this.#processes.push(one),
    }
  }

  /** @returns the settings of nodes and endpoints */
  async #startServers(): Promise<Settings> {
    const { dataDir } = this.#options
    const lastingFolder = path.join(dataDir, 'mongodb')
    await mkdir(lastingFolder, { recursive: true })
    const [nats, mongodb, keys] = await Promise.all([
      startNatsCluster({ process: this.#processOptions }),
      LocalMongoServer.start({ lastingFolder, process: this.#processOptions }),
      keptServiceKeys(dataDir, createSystemRandom()),
    ])
    this.#started([...nats, mongodb])
    return {
      PUSHGRID_NATS_URL: nats.map(({ address }) => `nats://${address}`).join(','),
      PUSHGRID_MONGODB_URL: mongodb.url(DATABASE),
      PUSHGRID_SERVICE_KEYS: keys.map(formatServiceKey).join(','),
      PUSHGRID_PUBLIC_URL: `http://localhost:${this.#port}`,
      // HAProxy says whose connections its are.
      PUSHGRID_TRUSTED_PROXIES: '127.0.0.1',
      // Nobody waits for waves of connections at Ctrl+C.
      PUSHGRID_DRAIN_MS: '0',
      ...UNHURRIED,
    }
  }

  /** @returns their addresses, as the proxy's configuration calls them */
  async #startRoles(role: 'node' | 'endpoint', settings: Settings): Promise<Settings> {
    const variable = role === 'node' ? 'PUSHGRID_WS_PORT' : 'PUSHGRID_HTTP_PORT'
    const parts = await Promise.all(
      NUMBERS.map(async (number) => {
        const port = await freePort()
        const env = { ...settings, [variable]: `${port}` }
        const run = this.#run(`${role}-${number}`, process.execPath, [CLI, role], env)
        await run.says('"msg":"listening"')
        return { process: run, address: `127.0.0.1:${port}`, stop: () => run.kill('SIGTERM') }
      }),
    )
    this.#started(parts)
    const variables = NUMBERS.map((number) => `PUSHGRID_${role.toUpperCase()}_${number}`)
    return Object.fromEntries(parts.map(({ address }, index) => [variables[index], address]))
  }

  async #startProxy(addresses: Settings): Promise<void> {
    const address = `127.0.0.1:${this.#port}`
    const env = { ...addresses, PUSHGRID_PROXY_BIND: address }
    const program = await requireProgram(HAPROXY)
    const run = this.#run('haproxy', program, ['-db', '-f', PROXY_CONFIGURATION], env)
    this.#started([{ process: run, address, stop: () => run.kill('SIGTERM') }])
    await run.ready(serves(`http://${address}/health`))
  }

  #run(name: string, program: string, args: readonly string[], settings: Settings): ServerProcess {
    const { dataDir } = this.#options
    const env = { ...withoutSettings(process.env), ...settings }
    const options = this.#processOptions(name)
    return new ServerProcess({ name, program, entrypoint: '', args, folder: dataDir, env, ...options })
  }

  #started(parts: readonly Omit<StoppablePart, 'logFile'>[]): void {
    const wave = parts.map((part) => {
      const { process, address } = part
      const { name } = process
      void process.ended.then((how) => {
        if (!this.#isStopping) this.#options.ended(name, how)
      })
      return { process, address, logFile: this.#logs.fileOf(name), stop: () => part.stop() }
    })
    this.#waves.push(wave)
  }
}

/** What a developer has around for another process of Pushgrid is not for these. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PUSHGRID_')))
}

async function serves(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise<void>((resolve) => void systemClock.after(LOOK_AGAIN_MS, resolve))
  }
}
