import { type Clock, createSystemRandom, type Random, systemClock } from '../../cluster/clock.ts'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { nowUs, type Recorder } from '../measure/recorder.ts'
import type { Plan } from '../plan/plan.ts'
import { Actions, oneOf } from './actions.ts'
import { Bodies } from './body.ts'
import { Broadcaster } from './broadcaster.ts'
import type { Place } from './place.ts'
import { Player, partOf } from './player.ts'
import { Poster } from './poster.ts'
import { type AgentWorld, Fleet, UserAgent } from './user-agent.ts'
import { Application } from './vapid.ts'
import { Waits } from './waits.ts'
import { WebSocketDialer } from './web-socket.ts'

/** Where the load goes, as `inspect` found it. Plain data. */
export interface Target {
  readonly wsUrl: string
  readonly ws: Place
  /** Where the origins of endpoints lead, as far as that is known. */
  readonly origins: Readonly<Record<string, Place>>
  /** Origin of the endpoints, which is that of the admin API, too. */
  readonly endpointOrigin: string
  /** Whether certificates are verified. */
  readonly verify: boolean
}

/** What a worker is to do: plain data, which goes to it as JSON. */
export interface Job {
  /** Of the whole run, of which the worker takes its part. */
  readonly plan: Plan
  readonly target: Target
  /** Name of the run: a few letters and digits. */
  readonly run: string
  readonly worker: number
  readonly workers: number
  readonly seed: number
  readonly adminToken?: string | undefined
  /** Addresses that user agents connect from, in turn; the system's choice without any. */
  readonly sourceAddresses: readonly string[]
}

/** What a generator asks of whoever runs it. */
export interface Hooks {
  /** Resolves when all workers have come to the beginning of that phase; its number is that of all phases for the end. */
  enter(index: number, name: string): Promise<void>
}

/** What a generator tells beside its measurements. Times are microseconds of the process's monotonic clock. */
export interface GeneratorFacts {
  readonly phases: readonly {
    readonly name: string
    readonly fromUs: number
    readonly toUs: number
    readonly measured: boolean
  }[]
  readonly warnings: readonly { readonly code: string; readonly text: string }[]
}

const LOOK_MS = 20
/** User agents that come back at a time to get what waits for them, at the end. */
const BACK_AT_A_TIME = 50

/** One worker: plays its part of a plan, and tells a recorder all that it does and sees. */
export class Generator {
  readonly #job: Job
  readonly #recorder: Recorder
  readonly #hooks: Hooks
  readonly #clock: Clock = systemClock
  readonly #waits: Waits
  readonly #fleet = new Fleet()
  readonly #poster: Poster
  readonly #broadcaster: Broadcaster | undefined
  readonly #player: Player
  readonly #phases: GeneratorFacts['phases'][number][] = []
  /** The phase that is under way. */
  #phase: Omit<GeneratorFacts['phases'][number], 'toUs'> | undefined
  readonly #warnings: GeneratorFacts['warnings'][number][] = []

  constructor(job: Job, recorder: Recorder, hooks: Hooks) {
    this.#job = job
    this.#recorder = recorder
    this.#hooks = hooks
    this.#waits = new Waits(this.#clock)
    const random = seededRandom(job.seed + job.worker)
    this.#poster = this.#makePoster(random)
    this.#broadcaster = this.#makeBroadcaster()
    const world = this.#makeWorld(random)
    const makeAgent = () => new UserAgent(world)
    for (let each = partOf(job.plan.settings.agents, job); each > 0; each--)
      this.#fleet.fresh.add(makeAgent())
    const [fleet, poster, clock] = [this.#fleet, this.#poster, this.#clock]
    const common = { fleet, poster, recorder, random, clock, now: nowUs }
    const actions = new Actions({
      ...common,
      settings: job.plan.settings,
      broadcaster: this.#broadcaster,
      makeAgent,
      wallMs: () => this.#clock.nowMs(),
    })
    this.#player = new Player({
      ...common,
      actions,
      waits: this.#waits,
      worker: job.worker,
      workers: job.workers,
      timeoutMs: job.plan.settings.timeoutMs,
      warn: (code, text) => this.#warnings.push({ code, text }),
    })
  }

  /** Plays all phases, waits for what is due, and ends its connections. */
  async run(): Promise<GeneratorFacts> {
    const { phases } = this.#job.plan
    for (const [index, phase] of phases.entries()) {
      await this.#hooks.enter(index, phase.name)
      if (this.#waits.isEnded) break
      const fromUs = nowUs()
      this.#phase = { name: phase.name, fromUs, measured: phase.measured }
      if (phase.measured) this.#recorder.start(fromUs)
      await this.#player.play(phase, fromUs)
      const toUs = nowUs()
      if (phase.measured) this.#recorder.stop(toUs)
      this.#phases.push({ ...this.#phase, toUs })
      this.#phase = undefined
    }
    await this.#hooks.enter(phases.length, 'settle')
    await this.#settle()
    this.#close()
    return this.facts()
  }

  /** What there is to tell so far. */
  facts(): GeneratorFacts {
    const current = this.#phase === undefined ? [] : [{ ...this.#phase, toUs: nowUs() }]
    return { phases: [...this.#phases, ...current], warnings: this.#warnings }
  }

  /** Ends it early: the phases that are left are skipped; what is due is still waited for, for a while. */
  end(): void {
    this.#waits.end()
  }

  /** User agents that left come back where messages wait for them; then everything that is due has its time to arrive. */
  async #settle(): Promise<void> {
    const { settleMs } = this.#job.plan.settings
    const waits = new Waits(this.#clock)
    const endMs = this.#clock.monotonicMs() + settleMs
    const leftMs = () => Math.max(0, endMs - this.#clock.monotonicMs())
    await waits.reached(leftMs(), LOOK_MS, () => this.#poster.underWay === 0)
    const waiting = this.#fleet.away.all().filter(({ due }) => due.size > 0)
    await waits.called(leftMs(), (done) => {
      let left = waiting.length
      let at = 0
      const next = () => {
        const agent = waiting[at++]
        if (agent === undefined) return
        agent.connect(nowUs(), () => {
          left -= 1
          if (left === 0) done()
          else next()
        })
      }
      if (left === 0) done()
      for (let each = BACK_AT_A_TIME; each > 0; each--) next()
    })
    const isSettled = () => this.#recorder.outstanding() === 0 && (this.#broadcaster?.unfinished ?? 0) === 0
    await waits.reached(leftMs(), LOOK_MS, isSettled)
    this.#broadcaster?.end()
  }

  #close(): void {
    const { waitedMax } = this.#poster
    const { connectionsMax } = this.#job.plan.settings
    if (waitedMax > 0)
      this.#warnings.push({
        code: 'connections-max',
        text: `up to ${waitedMax} messages waited for one of ${connectionsMax} HTTP connections: more are allowed with --connections-max; the wait is in the latencies from the intended time`,
      })
    // Whoever was connected after this would stay for ever.
    this.#waits.end()
    const { joining, ready, retiring } = this.#fleet
    for (const agent of [...joining]) agent.giveUp()
    for (const agent of [...ready.all(), ...retiring]) agent.leave('close', () => {})
    this.#poster.close()
  }

  #makePoster(random: Random): Poster {
    const { plan, target, run, worker } = this.#job
    const { bodyBytes, connectionsMax, timeoutMs } = plan.settings
    return new Poster({
      recorder: this.#recorder,
      bodies: new Bodies(bodyBytes, random),
      idPrefix: `${run}-${worker}`,
      connectionsMax,
      timeoutMs,
      places: target.origins,
      verify: target.verify,
      clock: this.#clock,
      now: nowUs,
    })
  }

  #makeBroadcaster(): Broadcaster | undefined {
    const { adminToken, target, run, worker } = this.#job
    if (adminToken === undefined) return undefined
    return new Broadcaster({
      recorder: this.#recorder,
      broadcast: `pushgrid-bench/${run}-${worker}`,
      adminToken,
      send: (request) => this.#poster.send(target.endpointOrigin, request),
      connected: () => this.#fleet.ready.size,
      now: nowUs,
    })
  }

  #makeWorld(random: Random): AgentWorld {
    const { plan, target, sourceAddresses } = this.#job
    const { settings } = plan
    const applications = Array.from({ length: settings.applications }, () => new Application())
    let dialled = 0
    return {
      recorder: this.#recorder,
      dialer: new WebSocketDialer(target.ws, createSystemRandom()),
      clock: this.#clock,
      random: createSystemRandom(),
      timeoutMs: settings.timeoutMs,
      channels: settings.channels,
      broadcasts: this.#broadcaster && { [this.#broadcaster.id]: 'v0' },
      fleet: this.#fleet,
      now: nowUs,
      localAddress: () => sourceAddresses[dialled++ % sourceAddresses.length],
      application: () => (random.fraction() < settings.vapidShare ? oneOf(applications, random) : undefined),
      broadcast: (version, atUs) => this.#broadcaster?.arrived(version, atUs),
    }
  }
}
