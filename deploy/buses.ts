import { InProcessBus } from '../cluster/in-process-bus.ts'
import type { NatsBusEvents, NatsBusFailure } from '../cluster/nats-bus.ts'
import type { NatsCredentials, NatsOptions } from '../cluster/nats-options.ts'
import { within } from '../cluster/within.ts'
import type { AgentReply, AgentRequest } from '../push/agent-requests.ts'
import type { AgentBus, Assembly, NodePart, ProcessDeps } from './assembly.ts'
import type { Cluster } from './cluster-options.ts'
import { StartError } from './start-error.ts'

/** A bus, and whoever is to be told what becomes of its connection. */
export interface OpenBus {
  readonly bus: AgentBus
  /** Tells the node from now on. */
  tell(node: Pick<NodePart, 'busLost' | 'busRestored'>): void
}

/** A process without NATS does not start: something is wrong, and whoever starts it should hear of it. */
const CONNECT_MS = 10_000
/** Failures of one kind are logged no more often. */
const LOG_EVERY_MS = 1000

/** Opens the bus of a process that is all of the service. */
export function openOwnBus({ deps, started }: Assembly): OpenBus {
  const { clock, log } = deps
  const bus = new InProcessBus<AgentRequest, AgentReply>({
    clock,
    onListenerError: (err) => log.error({ err }, 'a listener of the bus failed'),
  })
  started.add('bus', () => bus.close())
  return { bus, tell: () => {} }
}

/**
 * Connects to the bus of a cluster. Once it was connected it is for ever made anew.
 * @param name what the servers' monitoring calls this process
 * @throws StartError when no server takes it
 */
export async function openSharedBus(assembly: Assembly, cluster: Cluster, name: string): Promise<OpenBus> {
  const { options, parts, deps, started } = assembly
  const { pendingAsksMax, pendingBytesMax, checksMax: hintsMax } = options
  const nats: NatsOptions = { ...cluster.nats, name }
  const events = new BusEvents(deps)
  const limits = { pendingAsksMax, pendingBytesMax, unconfirmedBytesMax: pendingBytesMax, hintsMax }
  const bus = await parts.openSharedBus({ nats, ...limits }, events, deps)
  started.add('bus', () => bus.close())
  await within(deps.clock, CONNECT_MS, events.connected, () => {
    throw new StartError(
      `no NATS server of ${nats.servers.join(', ')} takes this process (${events.reason}); check --nats-url (PUSHGRID_NATS_URL)${adviceOn(nats.credentials)}`,
    )
  })
  return { bus, tell: (node) => events.tell(node) }
}

/** Says in the log what becomes of the bus, and tells the node. */
class BusEvents implements NatsBusEvents {
  /** Resolves at the first connection. */
  readonly connected: Promise<void>
  /** The last failure, for a person. */
  reason = 'no answer'
  readonly #deps: ProcessDeps
  readonly #loggedAtMs = new Map<NatsBusFailure, number>()
  #node: Pick<NodePart, 'busLost' | 'busRestored'> | undefined
  #connected: () => void = () => {}

  constructor(deps: ProcessDeps) {
    this.#deps = deps
    this.connected = new Promise((resolve) => {
      this.#connected = resolve
    })
  }

  tell(node: Pick<NodePart, 'busLost' | 'busRestored'>): void {
    this.#node = node
  }

  restored(): void {
    this.#deps.log.info({}, 'connected to NATS')
    this.#connected()
    this.#node?.busRestored()
  }

  lost(): void {
    this.#deps.log.warn({}, 'the connection to NATS is lost; making it anew')
    this.#node?.busLost()
  }

  failed(what: NatsBusFailure, err: unknown, address?: string): void {
    const { clock, log } = this.#deps
    this.reason = err instanceof Error ? err.message : String(err)
    const nowMs = clock.monotonicMs()
    if (nowMs - (this.#loggedAtMs.get(what) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return
    this.#loggedAtMs.set(what, nowMs)
    log.warn({ err, what, address }, 'the bus failed')
  }
}

function adviceOn({ kind }: NatsCredentials): string {
  return kind === 'creds' || kind === 'nkey' ? ' and the file with the credentials' : ''
}
