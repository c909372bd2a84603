import type { Logger } from 'pino'
import type { Bus } from '../cluster/bus.ts'
import type { Clock, Random } from '../cluster/clock.ts'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import type { AgentReply, AgentRequest } from '../push/agent-requests.ts'
import { Tokens } from '../push/tokens.ts'
import type { Store, StoreLimits } from '../store/store.ts'
import type { Listening } from './banner.ts'
import { keptServiceKeys, openDataFolder } from './data-folder.ts'
import { startGarbageCollection } from './garbage.ts'
import type { Options } from './options.ts'
import { probePort } from './ports.ts'
import { startErrorOf } from './start-error.ts'

/** What both servers work with. */
export interface ServerDeps {
  bus: Bus<AgentRequest, AgentReply>
  store: Store
  tokens: Tokens
  clock: Clock
  random: Random
  log: Logger
}

/** Options of the embedded store. */
export interface StoreOptions {
  readonly directory: string
  readonly limits: StoreLimits
  readonly diskReserveBytes: number
  readonly waitingWritesMax: number
}

/** Options of one server: all of the service's, and where it listens. */
export type ServerOptions = Options & { readonly port: number; readonly publicUrl: string }

/** The parts that a process is made of. A test passes others to see them started and stopped in order. */
export interface Parts {
  openStore(options: StoreOptions): Promise<Store>
  startNode(options: ServerOptions, deps: ServerDeps): Promise<{ port: number; drain(): Promise<void> }>
  startEndpoint(options: ServerOptions, deps: ServerDeps): Promise<{ port: number; close(): Promise<void> }>
}

/** A process that serves. */
export interface Serving {
  readonly listening: Listening
  /** Drains and stops everything; `failed` when a part could not be stopped properly (the log says which). */
  stop(): Promise<'stopped' | 'failed'>
}

/**
 * Starts everything in one process: store, bus, node and endpoint, each one on top of those before it. They are stopped in
 * the opposite order: the endpoint first, because what it has accepted may still need the node to acknowledge it; then the
 * node, whose user agents may still have to store what they have not acknowledged; the store last.
 * @throws StartError when a part can't start; what was started by then is stopped again
 */
export async function serve(
  options: Options,
  parts: Parts,
  deps: Pick<ServerDeps, 'clock' | 'random' | 'log'>,
): Promise<Serving> {
  const started = new Started(deps.log)
  try {
    return { listening: await start(options, parts, deps, started), stop: () => started.stop() }
  } catch (error) {
    await started.stop()
    throw error
  }
}

async function start(
  options: Options,
  parts: Parts,
  deps: Pick<ServerDeps, 'clock' | 'random' | 'log'>,
  started: Started,
): Promise<Listening> {
  const { clock, random, log } = deps
  await openDataFolder(options.dataDir)
  const { storedMax, agentLifetimeMs, diskReserveBytes, waitingWritesMax, dataDir: directory } = options
  const limits = { storedMax, agentLifetimeMs }
  const store = await parts
    .openStore({ directory, limits, diskReserveBytes, waitingWritesMax })
    .catch(fail('the store', '; choose another folder with --data-dir (PUSHGRID_DATA_DIR)'))
  started.add('store', () => store.close())
  const tokens = new Tokens(options.serviceKeys ?? (await keptServiceKeys(directory, random)))
  started.add('garbage collection', startGarbageCollection(options, { store, clock, log }))

  const bus = new InProcessBus<AgentRequest, AgentReply>({
    clock,
    onListenerError: (err) => log.error({ err }, 'a listener of the bus failed'),
  })
  started.add('bus', () => bus.close())

  if (options.wsPort !== 0) await probePort(options.host, options.wsPort, 'wsPort')
  const httpPort = await probePort(options.host, options.httpPort, 'httpPort')
  const publicUrl = options.publicUrl ?? `http://localhost:${httpPort}`
  const serverDeps = { bus, store, tokens, clock, random, log }
  const node = await parts
    .startNode({ ...options, port: options.wsPort, publicUrl }, serverDeps)
    .catch(fail('the websocket side'))
  started.add('node', () => node.drain())
  const endpoint = await parts
    .startEndpoint({ ...options, port: httpPort, publicUrl }, serverDeps)
    .catch(fail('the endpoint side'))
  started.add('endpoint', () => endpoint.close())
  return { wsPort: node.port, httpPort: endpoint.port, publicUrl }
}

function fail(what: string, advice = ''): (error: unknown) => never {
  return (error) => {
    throw startErrorOf(what, error, advice)
  }
}

/** What has been started, to be stopped in the opposite order. */
class Started {
  readonly #parts: { name: string; stop: () => Promise<void> }[] = []
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  add(name: string, stop: () => Promise<void>): void {
    this.#parts.push({ name, stop })
  }

  /** A part that fails to stop does not keep those below it from being stopped. */
  async stop(): Promise<'stopped' | 'failed'> {
    let outcome: 'stopped' | 'failed' = 'stopped'
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.stop()
      } catch (err) {
        outcome = 'failed'
        this.#log.error({ err }, `${part.name} did not stop properly`)
      }
    }
    return outcome
  }
}
