import type { Bus, Listener, Listening, Respond } from './bus.ts'
import type { Clock, Timer } from './clock.ts'

/** Options of the in-process bus. */
export interface InProcessBusOptions {
  clock: Clock
  /** Told of a listener that threw; its asker sees a time-out. */
  onListenerError: (error: unknown, address: string) => void
}

/**
 * A bus within one process: messages are passed by reference and listeners called synchronously, so `absent`
 * is always exact and an ask costs no copy. Senders must not change a message they have sent.
 */
export class InProcessBus<Message, Reply extends object> implements Bus<Message, Reply> {
  readonly #options: InProcessBusOptions
  /** One listener is the rule; a list only where several share an address. */
  readonly #listeners = new Map<string, Listener<Message, Reply> | readonly Listener<Message, Reply>[]>()
  readonly #pending = new Set<PendingAsk<Reply>>()
  /** One timer for all pending asks, for nearly all are answered long before; set to the earliest that may expire. */
  #expiry: { readonly atMs: number; readonly timer: Timer } | undefined

  constructor(options: InProcessBusOptions) {
    this.#options = options
  }

  isReachable(): boolean {
    return true
  }

  ask(address: string, message: Message, timeoutMs: number): Promise<Reply | 'absent' | 'timeout'> {
    if (!this.#listeners.has(address)) return Promise.resolve('absent')
    return new Promise((resolve) => {
      const pending = new PendingAsk(resolve, this.#pending)
      this.#deliver(address, message, pending.respond)
      if (!pending.settled) this.#expireAfter(pending, timeoutMs)
    })
  }

  tell(address: string, message: Message): 'sent' {
    this.#deliver(address, message, undefined)
    return 'sent'
  }

  listen(address: string, listener: Listener<Message, Reply>): Listening {
    const present = this.#listeners.get(address)
    this.#listeners.set(address, present === undefined ? listener : [...asList(present), listener])
    return new InProcessListening(this, address, listener)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    for (const pending of this.#pending) pending.settle('timeout')
    this.#expiry?.timer.cancel()
    this.#expiry = undefined
  }

  #expireAfter(pending: PendingAsk<Reply>, timeoutMs: number): void {
    pending.expiresAtMs = this.#options.clock.monotonicMs() + timeoutMs
    this.#pending.add(pending)
    this.#expireBy(pending.expiresAtMs)
  }

  #expireBy(atMs: number): void {
    if (this.#expiry !== undefined && this.#expiry.atMs <= atMs) return
    this.#expiry?.timer.cancel()
    const { clock } = this.#options
    const timer = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => this.#expire())
    this.#expiry = { atMs, timer }
  }

  #expire(): void {
    this.#expiry = undefined
    const nowMs = this.#options.clock.monotonicMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const pending of this.#pending) {
      if (pending.expiresAtMs <= nowMs) pending.settle('timeout')
      else nextMs = Math.min(nextMs, pending.expiresAtMs)
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#expireBy(nextMs)
  }

  #deliver(address: string, message: Message, respond: Respond<Reply> | undefined): void {
    const present = this.#listeners.get(address)
    if (present === undefined) return
    for (const listener of asList(present)) {
      // One listener may stop another while a message is on its way to both.
      if (!this.#listens(address, listener)) continue
      try {
        listener(message, respond)
      } catch (error) {
        this.#options.onListenerError(error, address)
      }
    }
  }

  #listens(address: string, listener: Listener<Message, Reply>): boolean {
    const present = this.#listeners.get(address)
    return present === listener || (Array.isArray(present) && present.includes(listener))
  }

  /** Ends one listening; for `InProcessListening`. */
  unlisten(address: string, listener: Listener<Message, Reply>): void {
    const present = this.#listeners.get(address)
    if (present === undefined) return
    const rest = asList(present).filter((other) => other !== listener)
    const [only] = rest
    if (only === undefined) this.#listeners.delete(address)
    else this.#listeners.set(address, rest.length === 1 ? only : rest)
  }
}

/** A class and no closure: there is one for every connection. */
class InProcessListening<Message, Reply extends object> implements Listening {
  readonly #bus: InProcessBus<Message, Reply>
  readonly #address: string
  readonly #listener: Listener<Message, Reply>

  constructor(bus: InProcessBus<Message, Reply>, address: string, listener: Listener<Message, Reply>) {
    this.#bus = bus
    this.#address = address
    this.#listener = listener
  }

  stop(): void {
    this.#bus.unlisten(this.#address, this.#listener)
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }
}

/** One ask on its way: settles once, by reply, time-out or the end of the bus. */
class PendingAsk<Reply> {
  settled = false
  expiresAtMs = 0
  readonly #resolve: (outcome: Reply | 'timeout') => void
  readonly #waiting: Set<PendingAsk<Reply>>

  constructor(resolve: (outcome: Reply | 'timeout') => void, waiting: Set<PendingAsk<Reply>>) {
    this.#resolve = resolve
    this.#waiting = waiting
  }

  readonly respond: Respond<Reply> = (reply) => this.settle(reply)

  settle(outcome: Reply | 'timeout'): void {
    if (this.settled) return
    this.settled = true
    this.#waiting.delete(this)
    this.#resolve(outcome)
  }
}

function asList<T>(present: T | readonly T[]): readonly T[] {
  return Array.isArray(present) ? present : [present as T]
}
