import type { Clock, Random } from '../../cluster/clock.ts'
import type { Recorder } from '../measure/recorder.ts'
import { arrivalTimes } from '../plan/arrivals.ts'
import { mixOf } from '../plan/mix.ts'
import type { ConnectPhase, DisconnectPhase, LoadPhase, Phase, UnregisterPhase } from '../plan/plan.ts'
import type { Actions } from './actions.ts'
import { runOpenLoad } from './open-load.ts'
import type { Poster } from './poster.ts'
import type { Fleet, UserAgent } from './user-agent.ts'
import type { Waits } from './waits.ts'

/** What a player works with. */
export interface PlayerOptions {
  readonly actions: Actions
  readonly fleet: Fleet
  readonly poster: Poster
  readonly recorder: Recorder
  readonly clock: Clock
  readonly random: Random
  readonly waits: Waits
  /** Among how many workers the load is shared out, and which of them this one is. */
  readonly workers: number
  readonly worker: number
  readonly timeoutMs: number
  now(): number
  warn(code: string, text: string): void
}

/** Longer than any phase. */
const FOREVER_MS = 1e12
const LOOK_MS = 20
/** Before a closed loop that found nobody to do its action with tries another. */
const NOTHING_DONE_MS = 10

/** Plays the phases of a plan: this worker's part of each. */
export class Player {
  readonly #options: PlayerOptions

  constructor(options: PlayerOptions) {
    this.#options = options
  }

  /** Resolves when the phase is over. @param startUs when it begins, which is now */
  async play(phase: Phase, startUs: number): Promise<void> {
    switch (phase.do) {
      case 'load':
        return this.#load(phase, startUs)
      case 'connect':
        return this.#connect(phase, startUs)
      case 'disconnect':
        return this.#disconnect(phase)
      case 'unregister':
        return this.#unregister(phase)
      case 'answers':
        await this.#options.waits.reached(phase.withinMs, LOOK_MS, () => this.#options.poster.underWay === 0)
        return
      case 'drain':
        await this.drain(phase.withinMs)
    }
  }

  /** Waits until everything that is due has arrived; says whether it has. */
  drain(withinMs: number): Promise<boolean> {
    return this.#options.waits.reached(withinMs, LOOK_MS, () => this.#options.recorder.outstanding() === 0)
  }

  async #load(phase: LoadPhase, startUs: number): Promise<void> {
    const { waits, now } = this.#options
    if (phase.actions.length > 0) {
      if (phase.closed > 0) this.#closedLoops(phase, startUs)
      else this.#open(phase, startUs)
    }
    // Timers have whole milliseconds, and may end up to two early: what was meant for the last of the phase would not count.
    for (;;) {
      const leftMs = phase.durationMs - (now() - startUs) / 1000
      if (leftMs <= 0 || waits.isEnded) return
      await waits.pause(Math.ceil(leftMs))
    }
  }

  #open(phase: LoadPhase, startUs: number): void {
    const { actions, random, workers, clock, now, waits } = this.#options
    const { from, to } = phase.rate
    const rate = { from: from / workers, to: to / workers }
    const draw = mixOf(phase.actions, random)
    const times = arrivalTimes({ arrivals: phase.arrivals, rate, durationMs: phase.durationMs, random })
    const act = (intendedUs: number) => actions.run(draw(), intendedUs, () => {})
    runOpenLoad({ clock, now, startUs, times, act, isEnded: () => waits.isEnded }, () => {})
  }

  #closedLoops(phase: LoadPhase, startUs: number): void {
    const { actions, random, clock, now, waits } = this.#options
    const draw = mixOf(phase.actions, random)
    const endUs = startUs + phase.durationMs * 1000
    const next = () => {
      const nowUs = now()
      if (nowUs >= endUs || waits.isEnded) return
      actions.run(draw(), nowUs, (happened) => {
        if (happened) next()
        else clock.after(NOTHING_DONE_MS, next)
      })
    }
    for (let sender = this.#part(phase.closed); sender > 0; sender--) next()
  }

  async #connect(phase: ConnectPhase, startUs: number): Promise<void> {
    const { fleet, waits, warn } = this.#options
    const agents = this.#some([...fleet.fresh.all(), ...fleet.away.all()], phase.share)
    let left = agents.length
    const isDone = await waits.called(phase.withinMs, (done) => {
      const connected = () => {
        left -= 1
        if (left === 0) done()
      }
      if (left === 0) done()
      else this.#paced(phase, agents, startUs, connected)
    })
    if (isDone) return
    for (const agent of [...fleet.joining]) agent.giveUp()
    if (!waits.isEnded)
      warn(
        'not-connected',
        `phase "${phase.name}": ${left} of ${agents.length} user agents did not connect in time`,
      )
  }

  #paced(phase: ConnectPhase, agents: readonly UserAgent[], startUs: number, connected: () => void): void {
    const { random, clock, now, waits, workers } = this.#options
    let at = 0
    const act = (intendedUs: number) => agents[at++]?.connect(intendedUs, connected)
    const isEnded = () => waits.isEnded || at >= agents.length
    switch (phase.pace.kind) {
      case 'atOnce':
        while (at < agents.length) act(startUs)
        return
      case 'rate': {
        const each = phase.pace.perSecond / workers
        const { arrivals } = phase.pace
        const times = arrivalTimes({
          arrivals,
          rate: { from: each, to: each },
          durationMs: FOREVER_MS,
          random,
        })
        return runOpenLoad({ clock, now, startUs, times, act, isEnded }, () => {})
      }
      case 'atATime': {
        const next = () => {
          if (!isEnded())
            agents[at++]?.connect(now(), () => {
              connected()
              next()
            })
        }
        for (let each = Math.max(1, this.#part(phase.pace.count)); each > 0; each--) next()
      }
    }
  }

  async #disconnect({ share, how }: DisconnectPhase): Promise<void> {
    const { fleet, waits, timeoutMs } = this.#options
    const agents = this.#some(fleet.ready.all(), share)
    await this.#each(agents, waits, timeoutMs, (agent, done) => agent.leave(how, done))
  }

  async #unregister({ share }: UnregisterPhase): Promise<void> {
    const { fleet, waits, timeoutMs } = this.#options
    const pairs = this.#some(fleet.ready.all(), share).flatMap((agent) =>
      agent.channels.map((channel) => ({ agent, channel })),
    )
    await this.#each(pairs, waits, timeoutMs, ({ agent, channel }, done) => agent.unregister(channel, done))
  }

  async #each<T>(
    items: readonly T[],
    waits: Waits,
    withinMs: number,
    start: (item: T, done: () => void) => void,
  ): Promise<void> {
    let left = items.length
    if (left === 0) return
    await waits.called(withinMs, (done) => {
      for (const item of items)
        start(item, () => {
          left -= 1
          if (left === 0) done()
        })
    })
  }

  /** A share of them, drawn at random. */
  #some<T>(items: readonly T[], share: number): T[] {
    const { random } = this.#options
    const mixed = [...items]
    for (let last = mixed.length - 1; last > 0; last--) {
      const other = Math.floor(random.fraction() * (last + 1))
      const [a, b] = [mixed[last], mixed[other]]
      if (a !== undefined && b !== undefined) [mixed[last], mixed[other]] = [b, a]
    }
    return mixed.slice(0, Math.round(items.length * share))
  }

  #part(count: number): number {
    return partOf(count, this.#options)
  }
}

/** How much of a count falls to a worker; all parts add up to it. */
export function partOf(count: number, { worker, workers }: { worker: number; workers: number }): number {
  return Math.floor((count * (worker + 1)) / workers) - Math.floor((count * worker) / workers)
}
