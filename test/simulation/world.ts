import { InProcessBus } from '../../cluster/in-process-bus.ts'
import { SimulatedClock, settled } from '../../cluster/simulated-clock.ts'
import type { BroadcastsOptions } from '../../endpoint/broadcasts.ts'
import type { DeliveryOptions } from '../../endpoint/delivery.ts'
import { AGENTS_OPTIONS, type AgentsOptions } from '../../node/agents.ts'
import { type AgentReply, type AgentRequest, NODES_ADDRESS } from '../../push/agent-requests.ts'
import type { MessageId } from '../../push/ids.ts'
import { SERVICE_KEY_BYTES, Tokens } from '../../push/tokens.ts'
import { Administrator } from './administrator.ts'
import { Browser, type Profile } from './browser.ts'
import { Dice } from './dice.ts'
import type { Fact } from './facts.ts'
import { CALM, type Faults } from './faults.ts'
import { Ledger } from './ledger.ts'
import { type BrowserEnd, Link } from './link.ts'
import { linkObserver } from './link-observer.ts'
import { Process } from './process.ts'
import { type StateRule, type View, Violation } from './rules/rule.ts'
import { FACT_RULES } from './rules/rules.ts'
import { Senders } from './senders.ts'
import { type Role, Server } from './server.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { createStorage, type Storage } from './simulated-store.ts'
import { storeObserver } from './store-observer.ts'
import type { StoreTruth } from './store-truth.ts'
import type { WorldOptions } from './world-options.ts'

/** Timers that may fire in one moment of simulated time. */
const STEPS_AT_ONCE_MAX = 2000
const PUBLIC_URL = 'https://push.example'
const DELIVERY_OPTIONS: Pick<
  DeliveryOptions & BroadcastsOptions,
  'checkAgainMs' | 'checksMax' | 'pendingAsksMax' | 'pendingBytesMax' | 'broadcastsMax'
> = {
  checkAgainMs: 1000,
  checksMax: 1000,
  pendingAsksMax: 1000,
  pendingBytesMax: 1024 * 1024,
  broadcastsMax: 100,
}

/** A whole simulated deployment: servers, store, bus, browsers and senders, on one clock. */
export class World {
  readonly time = new SimulatedClock()
  readonly faults: Faults = { ...CALM }
  readonly ledger: Ledger
  readonly servers: Server[] = []
  readonly browsers: Browser[] = []
  readonly senders: Senders
  readonly administrator = new Administrator((fact) => this.report(fact))
  /** Endpoints that application servers have learnt. */
  readonly endpoints = new Set<string>()
  /** What is to be taken for past, beyond the time of this world: nothing but expiry is left to wait for then. */
  aheadMs = 0
  readonly options: WorldOptions
  readonly agentsOptions: AgentsOptions
  readonly network: SimulatedNetwork<AgentRequest, AgentReply>
  readonly #storage: Storage
  readonly #links = new Map<number, Link>()
  readonly #tokens: Tokens
  #violation: Violation | undefined
  #disturbedUntilMs = Number.NEGATIVE_INFINITY
  #started = 0
  #stepsAtOnce = 0
  #interruption: { steps: number; run: () => void } | undefined

  constructor(options: WorldOptions) {
    this.options = options
    this.agentsOptions = { ...AGENTS_OPTIONS, publicUrl: PUBLIC_URL, ...options.agents }
    this.ledger = new Ledger(this.agentsOptions)
    this.#storage = createStorage({
      kind: options.store,
      time: this.time,
      dice: this.dice('database'),
      faults: this.faults,
      limits: options.storeLimits,
      waitingBytesMax: options.storeWaitingBytesMax,
      observer: storeObserver((fact) => this.report(fact)),
      onFault: (what, id) => this.#storeFault(what, id),
    })
    this.#storage.start()
    this.#tokens = new Tokens([this.dice('service key').random.bytes(SERVICE_KEY_BYTES)])
    this.senders = new Senders({
      tokens: this.#tokens,
      ledger: this.ledger,
      report: (fact) => this.report(fact),
    })
    this.network = new SimulatedNetwork({
      time: this.time,
      dice: this.dice('network'),
      faults: this.faults,
      isHint: ({ kind }: AgentRequest) => kind === 'check' || kind === 'channels' || kind === 'broadcasts',
      isCheck: ({ kind }: AgentRequest) => kind === 'check',
      onFault: (what) => this.disturb(what),
      onListenerError: (error, where) => this.report({ kind: 'defect', error, where }),
    })
    for (const role of options.roles) this.startServer(role)
  }

  /** What is in the store at this moment. */
  get truth(): StoreTruth {
    return this.#storage.truth
  }

  /** Dice for one part of this world. */
  dice(part: string): Dice {
    return new Dice(this.options.seed, part)
  }

  /** What the rules look at. */
  get view(): View {
    const { ledger, truth, browsers, servers, time, agentsOptions, options } = this
    return {
      ledger,
      truth,
      browsers: browsers.filter(({ running }) => running),
      servers,
      listening: () => this.network.listening((address) => address !== NODES_ADDRESS),
      links: this.#links,
      elapsedMs: time.elapsedMs,
      wallMs: time.nowMs() + this.aheadMs,
      disturbedUntilMs: this.#disturbedUntilMs,
      limits: {
        inFlightMax: agentsOptions.inFlightMax,
        sendsMax: agentsOptions.sendsMax,
        skewMaxMs: options.skewMaxMs,
      },
    }
  }

  /** Notes a fact and holds the rules to it. A broken rule ends the run at the end of the step. */
  report(fact: Fact): void {
    const recorded = this.ledger.add(fact, this.time.elapsedMs)
    if (this.#violation !== undefined) return
    const { view } = this
    for (const rule of FACT_RULES) this.#note(rule.name, rule.check(recorded, view))
  }

  /** Notes that something goes wrong, for some time: less is expected meanwhile. */
  disturb(what: string, forMs = 0): void {
    this.#disturbedUntilMs = Math.max(this.#disturbedUntilMs, this.time.elapsedMs + forMs)
    this.report({ kind: 'fault', what })
  }

  /** Holds a rule to how things stand. */
  check(rule: StateRule): void {
    this.#note(rule.name, rule.check(this.view))
    if (this.#violation !== undefined) throw this.#violation
  }

  /** Lets time pass, event by event. @throws Violation when a rule is broken */
  async run(ms: number): Promise<void> {
    const untilMs = this.time.elapsedMs + ms
    await this.#settle()
    while (this.#step(untilMs)) await this.#settle()
    this.time.advance(untilMs - this.time.elapsedMs)
  }

  /** Lets time pass until something is so. @throws Error when that takes too long */
  async until(what: string, isSo: () => boolean, withinMs = 60_000): Promise<void> {
    const untilMs = this.time.elapsedMs + withinMs
    await this.#settle()
    while (!isSo()) {
      if (!this.#step(untilMs)) throw new Error(`not within ${withinMs} ms: ${what}`)
      await this.#settle()
    }
  }

  /** Does something between two timers: before the one that fires after so many others. */
  interrupt(steps: number, run: () => void): void {
    this.#interruption = { steps, run }
  }

  /** Whether what is to interrupt is still to come. */
  get isInterruptionDue(): boolean {
    return this.#interruption !== undefined
  }

  /** Starts a server process. */
  startServer(role: Role): Server {
    this.#started += 1
    const name = `${role} ${this.#started}`
    const dice = this.dice(name)
    const { skewMaxMs, bus } = this.options
    const process = new Process(name, this.time, dice.int(-skewMaxMs, skewMaxMs))
    const server = new Server({
      role,
      process,
      bus: bus === 'network' ? this.network.busOf(process) : this.#inProcessBus(process),
      store: this.#storage.storeOf(process.clock, this.dice(`store of ${name}`)),
      tokens: this.#tokens,
      dice,
      agentsOptions: this.agentsOptions,
      deliveryOptions: { ...this.agentsOptions, ...DELIVERY_OPTIONS },
      log: {
        info: () => {},
        warn: () => {},
        error: ({ err }, where) => this.report({ kind: 'defect', error: err, where }),
      },
    })
    this.servers.push(server)
    return server
  }

  /** Ends a server process without a word; another one starts some time later. */
  killServer(server: Server, restartAfterMs: number): void {
    this.disturb(`kill ${server.process.name}`, restartAfterMs)
    this.#replace(server, restartAfterMs)
  }

  /** Ends a server process in good order: it takes nothing new, finishes what it has, and lets its user agents go. */
  async drainServer(server: Server, drainMs: number, restartAfterMs: number): Promise<void> {
    this.report({ kind: 'fault', what: `drain ${server.process.name} in ${drainMs} ms` })
    await server.drain(drainMs)
    if (server.process.alive) this.#replace(server, restartAfterMs)
  }

  #replace(server: Server, restartAfterMs: number): void {
    server.process.kill()
    this.servers.splice(this.servers.indexOf(server), 1)
    this.time.after(restartAfterMs, () => this.startServer(server.role))
  }

  /** Holds a server process for a while. */
  pauseServer(server: Server, forMs: number): void {
    this.disturb(`pause ${server.process.name} for ${forMs} ms`, forMs)
    server.pause()
    this.time.after(forMs, () => server.resume())
  }

  /** Lets every operation of the store fail for a while. */
  storeOutage(forMs: number): void {
    this.disturb(`the store is down for ${forMs} ms`, forMs)
    this.faults.storeDown = true
    this.time.after(forMs, () => {
      this.faults.storeDown = false
    })
  }

  /** The primary of the database steps down, and takes with it what no other machine has. */
  stepDown(electionMs: number): void {
    this.disturb(`the primary steps down, and the next is elected in ${electionMs} ms`, electionMs)
    this.#storage.stepDown(electionMs)
  }

  /** Cuts a server process off from the bus for a while: nothing comes or goes, and who asks it waits in vain. */
  cutOff(server: Server, forMs: number): void {
    this.disturb(`${server.process.name} is cut off from the bus for ${forMs} ms`, forMs)
    this.network.cutOff(server.process, true)
    this.time.after(forMs, () => {
      this.network.cutOff(server.process, false)
      if (server.process.alive) server.busRestored()
    })
  }

  /** Lets one process not see for a while what another one listens to. */
  hideInterest(listens: Server, asks: Server, forMs: number): void {
    this.disturb(`${asks.process.name} sees no interest of ${listens.process.name} for ${forMs} ms`, forMs)
    this.network.hide(listens.process, asks.process, forMs)
  }

  /** Adds a browser, not started yet. */
  addBrowser(name: string, profile?: Profile): Browser {
    const dice = this.dice(name)
    const browser = new Browser(
      {
        name,
        clock: this.time,
        dice,
        connect: (from, end) => this.#connect(from, end, dice),
        report: (fact) => this.report(fact),
        subscribed: (endpoint) => this.endpoints.add(endpoint),
      },
      profile,
    )
    this.browsers.push(browser)
    return browser
  }

  /** Ends all that goes wrong. */
  heal(): void {
    Object.assign(this.faults, CALM)
    this.network.heal()
    for (const server of this.servers) server.resume()
    this.disturb('everything heals')
  }

  #inProcessBus(process: Process): InProcessBus<AgentRequest, AgentReply> {
    return new InProcessBus<AgentRequest, AgentReply>({
      clock: process.clock,
      onListenerError: (error, where) => this.report({ kind: 'defect', error, where }),
    })
  }

  #connect(browser: string, end: BrowserEnd, dice: Dice): Link {
    const number = this.#links.size + 1
    const server = dice.pick(this.servers.filter(({ agents, serving }) => agents !== undefined && serving))
    this.report({ kind: 'opening', link: number, browser, node: server?.process.name ?? 'nobody' })
    const link = new Link(number, {
      time: this.time,
      dice,
      faults: this.faults,
      node: server && {
        process: server.process,
        topics: server.topics,
        open: (socket) => server.open(socket),
      },
      browser: end,
      observer: linkObserver(number, (fact) => this.report(fact)),
    })
    this.#links.set(number, link)
    return link
  }

  #storeFault(what: string, id: MessageId | undefined): void {
    this.disturb(what)
    if (id !== undefined) this.report({ kind: 'putInDoubt', id })
  }

  #note(rule: string, what: string | undefined): void {
    if (what !== undefined) this.#violation ??= new Violation(rule, what, this.time.elapsedMs)
  }

  /** Runs the next timer. Timers that set each other for the same moment over and over would keep a process busy for ever. */
  #step(untilMs: number): boolean {
    this.#countDown()
    const beforeMs = this.time.elapsedMs
    const ran = this.time.step(untilMs)
    this.#stepsAtOnce = this.time.elapsedMs === beforeMs ? this.#stepsAtOnce + 1 : 0
    if (this.#stepsAtOnce > STEPS_AT_ONCE_MAX)
      this.#note('nothing spins', `more than ${STEPS_AT_ONCE_MAX} timers fired in one moment`)
    return ran
  }

  #countDown(): void {
    if (this.#interruption === undefined) return
    const { steps, run } = this.#interruption
    if (steps > 0) {
      this.#interruption = { steps: steps - 1, run }
    } else {
      this.#interruption = undefined
      run()
    }
  }

  async #settle(): Promise<void> {
    await settled()
    if (this.#violation !== undefined) throw this.#violation
  }
}
