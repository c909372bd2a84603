import { LRUCache } from 'lru-cache'
import type { Bus, Concerns } from '../cluster/bus.ts'
import type { Clock, Random, Timer } from '../cluster/clock.ts'
import { Counts } from '../cluster/counts.ts'
import { type AgentReply, type AgentRequest, agentAddress } from '../push/agent-requests.ts'
import { CHECKS_OPTIONS, Checks, type ChecksOptions } from '../push/checks.ts'
import type { Uaid } from '../push/ids.ts'
import type { Log } from '../push/log.ts'
import type { Tokens } from '../push/tokens.ts'
import type { Tracer } from '../push/tracing.ts'
import type { Store } from '../store/store.ts'
import { ADMISSION_OPTIONS, Admission, type AdmissionOptions, type HelloCounts } from './admission.ts'
import type { AgentEvent } from './agent/effect.ts'
import type { AgentLimits } from './agent/state.ts'
import { step } from './agent/step.ts'
import type { AgentContext, AgentsLoad, HostedAgent } from './agent-context.ts'
import { AgentHost } from './agent-host.ts'
import type { AgentConnection, AgentSocket } from './agent-socket.ts'
import type { Broadcasts } from './broadcasts.ts'
import { RECHECK_OPTIONS, type RecheckOptions, Rechecks } from './rechecks.ts'
import { StallWatch } from './stall-watch.ts'

/** Options of all user agents of a node. */
export interface AgentsOptions extends AgentLimits, AdmissionOptions, ChecksOptions, RecheckOptions {
  /** Origin of endpoint URLs, without a slash at its end. */
  publicUrl: string
  /** How long any one operation of the store may take. */
  putTimeoutMs: number
}

/** What the user agents of a node work with. */
export interface AgentsDeps {
  broadcasts: Broadcasts
  bus: Bus<AgentRequest, AgentReply>
  store: Store
  tokens: Tokens
  clock: Clock
  random: Random
  log: Log
  /** Absent where nothing is traced. */
  tracer?: Tracer | undefined
}

/** Unless an operator says otherwise; protocol.md and delivery.md give the reasons. */
export const AGENTS_OPTIONS: Omit<AgentsOptions, 'publicUrl'> = {
  ...ADMISSION_OPTIONS,
  ...CHECKS_OPTIONS,
  ...RECHECK_OPTIONS,
  helloTimeoutMs: 5000,
  ackGraceMs: 250,
  askTimeoutMs: 2500,
  putTimeoutMs: 2000,
  ackTimeoutMs: 60_000,
  inFlightMax: 100,
  sendsMax: 5,
  channelsMax: 1000,
  agentBroadcastsMax: 100,
  commandsMax: 500,
  pingMinMs: 45_000,
  readRetryMs: 5000,
  flapHoldMs: 10_000,
}

/** Inputs that may wait for a busy actor: more than one step can cause. */
const MAILBOX_MAX = 1024
/** Displacements of one user agent within a minute from which on it flaps. */
const FLAPS = 3
const FLAP_MS = 60_000
/** User agents whose displacements are remembered. */
const FLAPPING_MAX = 10_000
/** Failures of the store are logged no more often. */
const LOG_EVERY_MS = 1000
/** Waves in which a node that drains lets its user agents go. */
const WAVES = 50

/** All user agents connected to this node. */
export class Agents {
  readonly #deps: AgentsDeps
  readonly #context: AgentContext
  readonly #hosts = new Set<HostedAgent>()
  readonly #admission: Admission
  readonly #checks: Checks
  readonly #channelHints: Checks
  readonly #rechecks: Rechecks
  readonly #stallWatch: StallWatch
  readonly #counts = new Counts<AgentEvent>()
  readonly #load: AgentsLoad = { inFlight: 0, mailboxHighWater: 0 }
  readonly #displaced = new LRUCache<Uaid, { times: number; sinceMs: number }>({ max: FLAPPING_MAX })
  #storeLoggedAtMs = Number.NEGATIVE_INFINITY
  #draining = false
  #allLeft: (() => void) | undefined

  constructor(options: AgentsOptions, deps: AgentsDeps) {
    this.#deps = deps
    const failed = (error: unknown) => this.#storeFailed(error)
    this.#admission = new Admission(options, deps.clock)
    this.#checks = new Checks(options, deps.bus, deps.clock)
    this.#channelHints = new Checks(options, deps.bus, deps.clock, 'channels')
    const isReachable = (uaid: Uaid) => deps.bus.isReachable(agentAddress(uaid))
    this.#rechecks = new Rechecks(options, { ...deps, failed, isReachable })
    this.#context = {
      ...deps,
      tracer: deps.tracer,
      admission: this.#admission,
      checks: this.#checks,
      channelHints: this.#channelHints,
      kind: { clock: deps.clock, step, mailboxMax: MAILBOX_MAX, load: this.#load },
      load: this.#load,
      limits: options,
      publicUrl: options.publicUrl,
      putTimeoutMs: options.putTimeoutMs,
      count: (what) => this.#counts.add(what),
      isFlapping: (uaid) => this.#isFlapping(uaid),
      storeFailed: failed,
      recheck: (host, uaid) => this.#rechecks.add(host, uaid),
      left: (host) => this.#left(host),
    }
    this.#stallWatch = new StallWatch(deps.clock, (lostMs) => this.#stalled(lostMs))
  }

  /** Connections, in whatever state. */
  get size(): number {
    return this.#hosts.size
  }

  /** Whether a new connection is better off elsewhere, or here a little later. */
  get isOverloaded(): boolean {
    return this.#draining || this.#admission.isOverloaded
  }

  /** How often each event happened since the start. */
  get counts(): ReadonlyMap<AgentEvent, number> {
    return this.#counts.all
  }

  /** What they have under way at the moment. */
  get load(): Readonly<AgentsLoad> {
    return this.#load
  }

  /** How many hellos are where. */
  get hellos(): HelloCounts {
    return this.#admission.counts
  }

  /** User agents that wait for their second hint. */
  get checksWaiting(): number {
    return this.#checks.size + this.#channelHints.size
  }

  /** A websocket was opened. @param mayRegister whether it may register another subscription now */
  open(socket: AgentSocket, mayRegister = () => true): AgentConnection {
    const host = new AgentHost(this.#context, socket, mayRegister)
    this.#hosts.add(host)
    host.opened()
    // A connection that was open already may still become a websocket.
    if (this.#draining) host.drain()
    return host
  }

  /** Hints for any user agent may have been lost: all look into the store soon. */
  recheckSoon(): void {
    this.#rechecks.recheckSoon(() => true)
  }

  /** The bus is away for these addresses: until it is back they look into the store often, for nobody can tell them to. */
  busLost(concerns: Concerns): void {
    this.#rechecks.recheckSoon((uaid) => concerns(agentAddress(uaid)))
  }

  /** The bus is back for these addresses: they look into the store soon, and tell other sessions of theirs once more that they are here. */
  busRestored(concerns: Concerns): void {
    this.#rechecks.busRestored((uaid) => concerns(agentAddress(uaid)))
  }

  /**
   * Lets all user agents go, in waves over `drainMs`, so that they do not all come back somewhere else at once.
   * Resolves when nothing of any is left, which may be long before.
   */
  async drain(drainMs: number): Promise<void> {
    this.#draining = true
    this.#stallWatch.close()
    const hosts = [...this.#hosts]
    const waveSize = Math.ceil(hosts.length / WAVES)
    let next: Timer | undefined
    const letGo = (at: number) => {
      for (const host of hosts.slice(at, at + waveSize)) host.drain()
      const rest = at + waveSize
      next = rest < hosts.length ? this.#deps.clock.after(drainMs / WAVES, () => letGo(rest)) : undefined
    }
    letGo(0)
    if (this.#hosts.size > 0) await new Promise<void>((resolve) => (this.#allLeft = resolve))
    next?.cancel()
    this.#rechecks.close()
    this.#checks.close()
    this.#channelHints.close()
  }

  #left(host: HostedAgent): void {
    this.#hosts.delete(host)
    if (this.#hosts.size === 0) this.#allLeft?.()
  }

  /** Nobody heard of this process for a while: what was told to its user agents may be lost, and they may be elsewhere by now. */
  #stalled(lostMs: number): void {
    this.#deps.log.warn({ lostMs }, 'the process stood still; its user agents look into the store')
    this.#rechecks.stalled()
    void this.#deps.broadcasts.read()
  }

  #isFlapping(uaid: Uaid): boolean {
    const nowMs = this.#deps.clock.monotonicMs()
    const seen = this.#displaced.get(uaid)
    const recent = seen !== undefined && nowMs - seen.sinceMs < FLAP_MS
    const next = recent ? { times: seen.times + 1, sinceMs: seen.sinceMs } : { times: 1, sinceMs: nowMs }
    this.#displaced.set(uaid, next)
    return next.times > FLAPS
  }

  #storeFailed(error: unknown): void {
    const nowMs = this.#deps.clock.monotonicMs()
    if (nowMs - this.#storeLoggedAtMs < LOG_EVERY_MS) return
    this.#storeLoggedAtMs = nowMs
    this.#deps.log.warn({ err: error }, 'the store failed')
  }
}
