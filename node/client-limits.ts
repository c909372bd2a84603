import type { Clock } from '../cluster/clock.ts'
import { Counts } from '../cluster/counts.ts'
import { RateLimit } from '../cluster/rate-limit.ts'

/** What user agents of one address may do at a node: those who share it count together. */
export interface ClientLimitsOptions {
  /** Connections that are open. */
  addressMax: number
  /** Those of them that have not said anything yet. */
  addressSilentMax: number
  /** Connections made, each of which says hello: in the long run, and at once. */
  hellosPerSecond: number
  hellosBurst: number
  /** Subscriptions registered: in the long run, and at once. */
  registersPerSecond: number
  registersBurst: number
  /** Addresses whose rates are remembered. */
  addressesMax: number
}

/** Unless an operator says otherwise: more than the people behind one address of a large network do. */
export const CLIENT_LIMITS_OPTIONS: ClientLimitsOptions = {
  addressMax: 20_000,
  addressSilentMax: 5000,
  hellosPerSecond: 1000,
  hellosBurst: 20_000,
  registersPerSecond: 500,
  registersBurst: 20_000,
  addressesMax: 100_000,
}

/** Which limit was met. */
export type ClientLimit = 'connections' | 'silent' | 'hellos' | 'registers'

interface AddressUse {
  open: number
  silent: number
}

/** One connection, as far as the limits of its address are concerned. */
export class ClientConnection {
  readonly #limits: ClientLimits
  readonly #address: string
  #isSilent = true

  constructor(limits: ClientLimits, address: string) {
    this.#limits = limits
    this.#address = address
  }

  /** It has said something. */
  spoke(): void {
    if (this.#isSilent) this.#limits.spoke(this.#address)
    this.#isSilent = false
  }

  /** Whether it may register another subscription now. */
  mayRegister(): boolean {
    return this.#limits.mayRegister(this.#address)
  }

  /** It has ended; called once. */
  left(): void {
    this.spoke()
    this.#limits.left(this.#address)
  }
}

/**
 * Bounds what the user agents of one address can take from those of all others: descriptors, places in the queue of hellos (a silent connection has
 * one, too), and work of the store.
 */
export class ClientLimits {
  readonly #options: ClientLimitsOptions
  readonly #uses = new Map<string, AddressUse>()
  readonly #hellos: RateLimit
  readonly #registers: RateLimit
  readonly #refused = new Counts<ClientLimit>()

  constructor(options: ClientLimitsOptions, clock: Clock) {
    const { hellosPerSecond, hellosBurst, registersPerSecond, registersBurst, addressesMax } = options
    this.#options = options
    this.#hellos = new RateLimit({ perSecond: hellosPerSecond, burst: hellosBurst }, addressesMax, clock)
    const registers = { perSecond: registersPerSecond, burst: registersBurst }
    this.#registers = new RateLimit(registers, addressesMax, clock)
  }

  /** How often each limit was met since the start. */
  get refused(): ReadonlyMap<ClientLimit, number> {
    return this.#refused.all
  }

  /** Addresses with connections. */
  get addresses(): number {
    return this.#uses.size
  }

  /** Whether an address may have another connection now; counted as one of its hellos when it may. */
  admits(address: string): boolean {
    const { open = 0, silent = 0 } = this.#uses.get(address) ?? {}
    if (open >= this.#options.addressMax) return this.#refuse('connections')
    if (silent >= this.#options.addressSilentMax) return this.#refuse('silent')
    return this.#hellos.take(address) === 0 || this.#refuse('hellos')
  }

  /** A connection was opened. */
  entered(address: string): ClientConnection {
    const use = this.#uses.get(address) ?? { open: 0, silent: 0 }
    this.#uses.set(address, use)
    use.open += 1
    use.silent += 1
    return new ClientConnection(this, address)
  }

  /** A connection of an address has said something for the first time; for `ClientConnection`. */
  spoke(address: string): void {
    const use = this.#uses.get(address)
    if (use !== undefined) use.silent -= 1
  }

  /** Whether an address may register another subscription now; for `ClientConnection`. */
  mayRegister(address: string): boolean {
    return this.#registers.take(address) === 0 || this.#refuse('registers')
  }

  /** A connection of an address has ended; for `ClientConnection`. */
  left(address: string): void {
    const use = this.#uses.get(address)
    if (use === undefined) return
    use.open -= 1
    if (use.open === 0) this.#uses.delete(address)
  }

  #refuse(limit: ClientLimit): false {
    this.#refused.add(limit)
    return false
  }
}
