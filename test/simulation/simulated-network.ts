import type { Bus, Listener, Listening, Respond } from '../../cluster/bus.ts'
import type { SimulatedClock } from '../../cluster/simulated-clock.ts'
import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'
import type { Process } from './process.ts'

/** What the network works with. */
export interface NetworkDeps<Message> {
  time: SimulatedClock
  dice: Dice
  faults: Faults
  /** Tells whether the message is a hint of the kind that `hintsLost` loses. */
  isHint: (message: Message) => boolean
  /** Tells whether the message is one that waits for the bus to come back. */
  isCheck: (message: Message) => boolean
  /** Told of everything that goes wrong on the way, for the trace. */
  onFault: (what: string) => void
  /** Told of a listener that threw. */
  onListenerError: (error: unknown, address: string) => void
}

/** One listener, as the servers between the processes know it. */
interface Interest<Message, Reply> {
  readonly address: string
  readonly process: Process
  readonly listener: Listener<Message, Reply>
  /** When it is known to the server of its own process. Elapsed time, as are the others. */
  readonly registeredAtMs: number
  /** When each other process can reach it: interest spreads late, and vanishes for a while without an event. */
  readonly hiddenUntilMs: Map<Process, number>
  listening: boolean
}

/**
 * Publish-subscribe between simulated processes, as NATS does it: messages take time and get lost, interest becomes known
 * process by process, `absent` can be wrong. What one process sends another one arrives in order.
 */
export class SimulatedNetwork<Message, Reply extends object> {
  readonly #deps: NetworkDeps<Message>
  readonly #interests = new Map<string, Set<Interest<Message, Reply>>>()
  readonly #lastArrivalMs = new Map<string, number>()
  readonly #buses = new Map<Process, NetworkBus<Message, Reply>>()
  readonly #cutOff = new Set<Process>()

  constructor(deps: NetworkDeps<Message>) {
    this.#deps = deps
  }

  /** The bus of one process; it ends with the process. */
  busOf(process: Process): Bus<Message, Reply> {
    const bus = new NetworkBus(this, process, this.#deps)
    this.#buses.set(process, bus)
    return bus
  }

  /** Whether nothing comes to this process or from it. */
  isCutOff(process: Process): boolean {
    return this.#cutOff.has(process)
  }

  /** Cuts a process off, or takes it back; hints that it could not give meanwhile it gives then. */
  cutOff(process: Process, isCutOff: boolean): void {
    if (isCutOff) this.#cutOff.add(process)
    else if (this.#cutOff.delete(process)) this.#buses.get(process)?.tellUnsent()
  }

  /** Listeners there are at such addresses, of all processes; for checks. */
  listening(at: (address: string) => boolean): number {
    return [...this.#interests].reduce((sum, [address, { size }]) => sum + (at(address) ? size : 0), 0)
  }

  /** Makes what `listens` listens to invisible to `asks` for a while; neither notices. */
  hide(listens: Process, asks: Process, forMs: number): void {
    const untilMs = this.#deps.time.elapsedMs + forMs
    for (const interest of [...this.#interests.values()].flatMap((set) => [...set]))
      if (interest.process === listens) interest.hiddenUntilMs.set(asks, untilMs)
  }

  /** Lets all interest be known to everyone now. */
  heal(): void {
    for (const process of this.#cutOff) this.cutOff(process, false)
    for (const interests of this.#interests.values())
      for (const interest of interests)
        for (const asks of interest.hiddenUntilMs.keys())
          interest.hiddenUntilMs.set(asks, interest.registeredAtMs)
  }

  /** Adds a listener. */
  add(process: Process, address: string, listener: Listener<Message, Reply>): Interest<Message, Reply> {
    const { time, dice, faults } = this.#deps
    const registeredAtMs = time.elapsedMs + dice.within(faults.listenDelayMs)
    const hiddenUntilMs = new Map([[process, registeredAtMs]])
    const interest = { address, process, listener, registeredAtMs, hiddenUntilMs, listening: true }
    const present = this.#interests.get(address) ?? new Set()
    this.#interests.set(address, present.add(interest))
    return interest
  }

  /** Ends a listener: at once for its own process. */
  drop(interest: Interest<Message, Reply>): void {
    interest.listening = false
    const interests = this.#interests.get(interest.address)
    interests?.delete(interest)
    if (interests?.size === 0) this.#interests.delete(interest.address)
  }

  /** The listeners of an address that this process can reach now. */
  reachable(asks: Process, address: string): Interest<Message, Reply>[] {
    const nowMs = this.#deps.time.elapsedMs
    return [...(this.#interests.get(address) ?? [])].filter(
      (interest) => this.#visibleAtMs(interest, asks) <= nowMs,
    )
  }

  #visibleAtMs({ registeredAtMs, hiddenUntilMs }: Interest<Message, Reply>, asks: Process): number {
    const { dice, faults } = this.#deps
    const visibleAtMs = hiddenUntilMs.get(asks) ?? registeredAtMs + dice.within(faults.interestDelayMs)
    hiddenUntilMs.set(asks, visibleAtMs)
    return visibleAtMs
  }

  /** Runs something in a process after the time a message takes there, in the order of sending. */
  carry(from: Process, to: Process, run: () => void): void {
    const { time, dice, faults } = this.#deps
    const way = `${from.name} ${to.name}`
    const arrivalMs = Math.max(
      this.#lastArrivalMs.get(way) ?? 0,
      time.elapsedMs + dice.within(faults.busDelayMs),
    )
    this.#lastArrivalMs.set(way, arrivalMs)
    if (from !== to && (this.isCutOff(from) || this.isCutOff(to))) return
    to.clock.after(arrivalMs - time.elapsedMs, run)
  }
}

/** The bus as one process has it. */
class NetworkBus<Message, Reply extends object> implements Bus<Message, Reply> {
  readonly #network: SimulatedNetwork<Message, Reply>
  readonly #process: Process
  readonly #deps: NetworkDeps<Message>
  readonly #own = new Set<Interest<Message, Reply>>()
  readonly #pending = new Set<(outcome: 'timeout') => void>()
  readonly #unsent = new Map<string, Message>()
  #flushedAtMs = 0

  constructor(network: SimulatedNetwork<Message, Reply>, process: Process, deps: NetworkDeps<Message>) {
    this.#network = network
    this.#process = process
    this.#deps = deps
    process.onKill(() => this.#dropAll())
  }

  isReachable(): boolean {
    return true
  }

  ask(address: string, message: Message, timeoutMs: number): Promise<Reply | 'absent' | 'timeout'> {
    return new Promise((resolve) => {
      const settle = (outcome: Reply | 'absent' | 'timeout') => {
        this.#pending.delete(settle)
        timer.cancel()
        resolve(outcome)
      }
      const timer = this.#process.clock.after(timeoutMs, () => settle('timeout'))
      this.#pending.add(settle)
      if (this.#isLost(this.#deps.faults.askLossRate, `ask ${address}`)) return
      const reachable = this.#network.reachable(this.#process, address)
      if (reachable.length === 0) this.#carryBack(this.#process, () => settle('absent'))
      for (const interest of reachable) {
        this.#send(interest, message, (reply) => {
          if (this.#isLost(this.#deps.faults.replyLossRate, `reply of ${address}`)) return
          this.#carryBack(interest.process, () => settle(reply))
        })
      }
    })
  }

  tell(address: string, message: Message): 'sent' | 'notSent' {
    if (this.#network.isCutOff(this.#process)) {
      if (this.#deps.isCheck(message)) this.#unsent.set(address, message)
      return 'notSent'
    }
    const { hintsLost, tellLossRate } = this.#deps.faults
    const rate = hintsLost && this.#deps.isHint(message) ? 1 : tellLossRate
    for (const interest of this.#network.reachable(this.#process, address))
      if (!this.#isLost(rate, `tell ${address}`)) this.#send(interest, message, undefined)
    return 'sent'
  }

  /** Tells what could not be told. */
  tellUnsent(): void {
    if (!this.#process.alive) return
    for (const [address, message] of this.#unsent) this.tell(address, message)
    this.#unsent.clear()
  }

  listen(address: string, listener: Listener<Message, Reply>): Listening {
    const interest = this.#network.add(this.#process, address, listener)
    this.#own.add(interest)
    this.#flushedAtMs = Math.max(this.#flushedAtMs, interest.registeredAtMs)
    return {
      stop: () => {
        this.#own.delete(interest)
        this.#network.drop(interest)
      },
      flush: () => this.#flush(),
    }
  }

  /** One connection carries all listening, in order: it waits for all that was listened to before. */
  #flush(): Promise<void> {
    const { time, dice, faults } = this.#deps
    const fails = this.#isLost(faults.flushFailureRate, 'flush')
    const delayMs = Math.max(0, this.#flushedAtMs - time.elapsedMs) + dice.within(faults.busDelayMs)
    return new Promise((resolve, reject) => {
      this.#process.clock.after(delayMs, () => (fails ? reject(new Error('the bus is gone')) : resolve()))
    })
  }

  async close(): Promise<void> {
    this.#dropAll()
    for (const settle of this.#pending) settle('timeout')
  }

  #send(interest: Interest<Message, Reply>, message: Message, respond: Respond<Reply> | undefined): void {
    this.#network.carry(this.#process, interest.process, () => {
      if (!interest.listening) return
      try {
        interest.listener(message, respond)
      } catch (error) {
        this.#deps.onListenerError(error, interest.address)
      }
    })
  }

  #carryBack(from: Process, run: () => void): void {
    this.#network.carry(from, this.#process, run)
  }

  #isLost(rate: number, what: string): boolean {
    const lost = this.#deps.dice.chance(rate)
    if (lost) this.#deps.onFault(`lost: ${what} of ${this.#process.name}`)
    return lost
  }

  #dropAll(): void {
    for (const interest of this.#own) this.#network.drop(interest)
    this.#own.clear()
  }
}
