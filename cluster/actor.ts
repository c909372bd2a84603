import type { Clock } from './clock.ts'

/** The moment a step happens at: wall time for expiry, monotonic time for waits and ages. Milliseconds. */
export interface Instant {
  readonly wallMs: number
  readonly monotonicMs: number
}

/**
 * A behaviour: takes one input, changes the state it is given, and says what is to be done about it.
 * Pure otherwise: no I/O, no clock, no randomness, so that every race of it can be replayed.
 */
export type Step<State, Input, Effect> = (state: State, input: Input, now: Instant) => readonly Effect[]

/** What all actors of one kind share. */
export interface ActorKind<State, Input, Effect> {
  clock: Clock
  step: Step<State, Input, Effect>
  /** Inputs that may wait while the actor is busy with one; more are refused as `full`. */
  mailboxMax: number
  /** Where the longest mailbox is noted that any of them ever had. */
  load?: { mailboxHighWater: number }
}

/** Whoever carries out what one actor's behaviour asks for. */
export interface ActorHost<Effect> {
  /** Carries out one effect; what comes of it is offered to the actor as a later input. */
  perform(effect: Effect): void
  /** Told once, when the step or an effect threw: the actor has ended and takes no further input. */
  failed(error: unknown): void
}

/** What became of an input: taken, refused because too many wait, or too late. */
export type Offered = 'accepted' | 'full' | 'ended'

/**
 * One actor: feeds inputs to its behaviour strictly one at a time and performs the effects.
 * An input offered while another is handled (by an effect that leads back here) waits in the mailbox.
 * An error ends this actor and no other.
 */
export class Actor<State, Input, Effect> {
  readonly state: State
  readonly #kind: ActorKind<State, Input, Effect>
  readonly #host: ActorHost<Effect>
  #status: 'idle' | 'busy' | 'ended' = 'idle'
  /** Made when first needed: most actors idle most of their life. */
  #mailbox: Input[] | undefined

  constructor(kind: ActorKind<State, Input, Effect>, host: ActorHost<Effect>, state: State) {
    this.#kind = kind
    this.#host = host
    this.state = state
  }

  get ended(): boolean {
    return this.#status === 'ended'
  }

  /** Hands an input over, handling it at once unless the actor is busy. */
  offer(input: Input): Offered {
    if (this.#status === 'ended') return 'ended'
    if (this.#status === 'busy') return this.#enqueue(input)
    this.#status = 'busy'
    this.#handle(input)
    for (let next = this.#mailbox?.shift(); next !== undefined; next = this.#mailbox?.shift())
      this.#handle(next)
    this.#mailbox = undefined
    if (this.#isBusy()) this.#status = 'idle'
    return 'accepted'
  }

  /** Takes no further input; what waits in the mailbox is dropped. */
  end(): void {
    this.#status = 'ended'
    this.#mailbox = undefined
  }

  #enqueue(input: Input): Offered {
    this.#mailbox ??= []
    if (this.#mailbox.length >= this.#kind.mailboxMax) return 'full'
    const waiting = this.#mailbox.push(input)
    const { load } = this.#kind
    if (load !== undefined && waiting > load.mailboxHighWater) load.mailboxHighWater = waiting
    return 'accepted'
  }

  #handle(input: Input): void {
    const { clock } = this.#kind
    try {
      const now = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
      for (const effect of this.#kind.step(this.state, input, now)) this.#host.perform(effect)
    } catch (error) {
      this.end()
      this.#host.failed(error)
    }
  }

  #isBusy(): boolean {
    return this.#status === 'busy'
  }
}
