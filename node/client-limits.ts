import type { Clock } from '../cluster/clock.ts'
import { Counts } from '../cluster/counts.ts'
import { RateLimit } from '../cluster/rate-limit.ts'
import type { AgentSocket } from './agent-socket.ts'
import { Line } from './line.ts'

/** What user agents of one address may do at a node: those who share it count together. */
export interface ClientLimitsOptions {
  /** Connections that are open. */
  addressMax: number
  /** Those of them that have not said anything yet; who comes next takes the place of the one that is silent for longest. */
  addressSilentMax: number
  /** The same for all addresses together. */
  silentMax: number
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
  silentMax: 10_000,
  hellosPerSecond: 1000,
  hellosBurst: 20_000,
  registersPerSecond: 500,
  registersBurst: 20_000,
  addressesMax: 100_000,
}

/** Which limit was met; `allSilent` is that of all addresses together. */
export type ClientLimit = 'connections' | 'silent' | 'allSilent' | 'hellos' | 'registers'

/** What there is of one address; `silent` only while there are any. */
interface AddressUse {
  open: number
  silent: Line<ClientConnection> | undefined
}

type Closable = Pick<AgentSocket, 'close'>

/** One connection, as far as the limits of its address are concerned. */
export class ClientConnection {
  readonly #limits: ClientLimits
  readonly address: string
  /** Until it has said something. */
  #silent: Closable | undefined

  constructor(limits: ClientLimits, address: string, socket: Closable) {
    this.#limits = limits
    this.address = address
    this.#silent = socket
  }

  /** It has said something. */
  spoke(): void {
    if (this.#silent !== undefined) this.#limits.spoke(this)
    this.#silent = undefined
  }

  /** Ends it if it has not said anything; for `ClientLimits`. */
  makeRoom(): void {
    this.#silent?.close('tooManySilent')
  }

  /** Whether it may register another subscription now. */
  mayRegister(): boolean {
    return this.#limits.mayRegister(this.address)
  }

  /** It has ended; called once. */
  left(): void {
    this.spoke()
    this.#limits.left(this.address)
  }
}

/**
 * Bounds what the user agents of one address can take from those of all others: descriptors, places in the queue of hellos, and work of the store.
 * Nobody is refused because others are silent: a user agent says hello as soon as it can, so whoever is silent for longest makes room.
 */
export class ClientLimits {
  readonly #options: ClientLimitsOptions
  readonly #uses = new Map<string, AddressUse>()
  readonly #silent = new Line<ClientConnection>()
  readonly #hellos: RateLimit
  readonly #registers: RateLimit
  readonly #met = new Counts<ClientLimit>()

  constructor(options: ClientLimitsOptions, clock: Clock) {
    const { hellosPerSecond, hellosBurst, registersPerSecond, registersBurst, addressesMax } = options
    this.#options = options
    this.#hellos = new RateLimit({ perSecond: hellosPerSecond, burst: hellosBurst }, addressesMax, clock)
    const registers = { perSecond: registersPerSecond, burst: registersBurst }
    this.#registers = new RateLimit(registers, addressesMax, clock)
  }

  /** How often each limit was met since the start. */
  get met(): ReadonlyMap<ClientLimit, number> {
    return this.#met.all
  }

  /** Addresses with connections. */
  get addresses(): number {
    return this.#uses.size
  }

  /** Whether an address may have another connection now; counted as one of its hellos when it may. */
  admits(address: string): boolean {
    const { open = 0 } = this.#uses.get(address) ?? {}
    if (open >= this.#options.addressMax) return this.#refuse('connections')
    return this.#hellos.take(address) === 0 || this.#refuse('hellos')
  }

  /** A connection was opened. */
  entered(address: string, socket: Closable): ClientConnection {
    const { addressSilentMax, silentMax } = this.#options
    const use = this.#uses.get(address) ?? { open: 0, silent: undefined }
    this.#uses.set(address, use)
    use.open += 1
    use.silent ??= new Line()
    const client = new ClientConnection(this, address, socket)
    use.silent.join(client)
    this.#silent.join(client)
    if (use.silent.size > addressSilentMax) this.#makeRoom(use.silent, 'silent')
    if (this.#silent.size > silentMax) this.#makeRoom(this.#silent, 'allSilent')
    return client
  }

  /** A connection has said something for the first time, or has ended; for `ClientConnection`. */
  spoke(client: ClientConnection): void {
    this.#silent.leave(client)
    const use = this.#uses.get(client.address)
    use?.silent?.leave(client)
    if (use?.silent?.size === 0) use.silent = undefined
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

  #makeRoom(line: Line<ClientConnection>, limit: ClientLimit): void {
    this.#met.add(limit)
    line.shift()?.makeRoom()
  }

  #refuse(limit: ClientLimit): false {
    this.#met.add(limit)
    return false
  }
}
