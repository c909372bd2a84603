/** Sends a PING and resolves at its PONG. */
export interface Flushable {
  flush(): Promise<void>
}

/** One PING under way, or about to be sent, with all who wait for its PONG. */
class Round {
  /** What had been published when the PING was sent. */
  position = 0
  readonly done: Promise<void>
  #resolve: () => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // A round that only confirms bytes has nobody who waits for it.
    this.done.catch(() => {})
  }

  confirm(): void {
    this.#resolve()
  }

  fail(): void {
    this.#reject(new Error('the connection to NATS is lost'))
  }
}

/**
 * What a NATS server is known to have received. A PONG confirms all that went before its PING, so one PING serves
 * everybody who waits: while one is under way, all who ask share the next one.
 */
export class NatsConfirmations {
  readonly #confirmed: (position: number) => void
  #connection: Flushable | undefined
  #publishedBytes = 0
  #confirmedBytes = 0
  #current: Round | undefined
  #next: Round | undefined

  /** @param confirmed told, at each PONG, how far what was published is confirmed: a `position` */
  constructor(confirmed: (position: number) => void) {
    this.#confirmed = confirmed
  }

  /** All bytes ever published: what is published next is confirmed by a position beyond this one. */
  get position(): number {
    return this.#publishedBytes
  }

  /** Bytes that may still wait on this machine. */
  get unconfirmedBytes(): number {
    return this.#publishedBytes - this.#confirmedBytes
  }

  /** Counts bytes as published. */
  published(bytes: number): void {
    this.#publishedBytes += bytes
  }

  up(connection: Flushable): void {
    this.#connection = connection
    this.#confirmedBytes = this.#publishedBytes
  }

  down(): void {
    this.#connection = undefined
    const lost = [this.#current, this.#next]
    this.#current = undefined
    this.#next = undefined
    for (const round of lost) round?.fail()
  }

  /** Resolves when the server has all that was sent before; rejects when the connection is or gets lost. */
  flush(): Promise<void> {
    const round = this.#next ?? new Round()
    if (this.#connection === undefined) round.fail()
    else if (this.#current === undefined) this.#start(round, this.#connection)
    else this.#next = round
    return round.done
  }

  /** Asks for a confirmation unless one is on its way. */
  confirmSoon(): void {
    if (this.#current === undefined) void this.flush()
  }

  #start(round: Round, connection: Flushable): void {
    this.#current = round
    this.#next = undefined
    round.position = this.#publishedBytes
    connection.flush().then(
      () => this.#pong(round, connection),
      // The link tells of its end itself.
      () => {},
    )
  }

  #pong(round: Round, connection: Flushable): void {
    if (this.#current !== round) return
    this.#current = undefined
    this.#confirmedBytes = round.position
    round.confirm()
    if (this.#next !== undefined) this.#start(this.#next, connection)
    this.#confirmed(round.position)
  }
}
