/** An encoded message with where it goes. */
export interface Telling {
  readonly address: string
  readonly bytes: Uint8Array
}

/** How hints that must not get lost with a connection are kept. */
export interface RepeatedTellsOptions {
  /** Addresses whose hint may wait. */
  readonly max: number
  /** Sent instead of all of them when there are more. */
  readonly everyone: Telling
}

/**
 * Hints that are told again after a lost connection: each is kept, one for an address, until the server is known to
 * have it. Publishing is blind: what was written shortly before a connection is found dead was lost without a sign.
 */
export class RepeatedTells {
  readonly #options: RepeatedTellsOptions
  readonly #unsent = new Map<string, Uint8Array>()
  /** In the order of their positions. */
  readonly #unconfirmed = new Map<string, { bytes: Uint8Array; position: number }>()
  /** Hints up to this position are known only as `everyone`. */
  #forgottenPosition = 0

  constructor(options: RepeatedTellsOptions) {
    this.#options = options
  }

  /** Hints that wait, sent or not. */
  get size(): number {
    return this.#unsent.size + this.#unconfirmed.size
  }

  /** Keeps a hint that could not be sent. */
  addUnsent({ address, bytes }: Telling): void {
    this.#unsent.set(address, bytes)
    if (this.#unsent.size <= this.#options.max) return
    this.#unsent.clear()
    this.#unsent.set(this.#options.everyone.address, this.#options.everyone.bytes)
  }

  /** Keeps a hint that was sent, until `position` is confirmed. */
  addSent({ address, bytes }: Telling, position: number): void {
    this.#unconfirmed.delete(address)
    this.#unconfirmed.set(address, { bytes, position })
    if (this.#unconfirmed.size <= this.#options.max) return
    this.#unconfirmed.clear()
    this.#forgottenPosition = position
  }

  /** The server has all that was published up to this position. */
  confirmed(position: number): void {
    for (const [address, sent] of this.#unconfirmed) {
      if (sent.position > position) break
      this.#unconfirmed.delete(address)
    }
    if (this.#forgottenPosition <= position) this.#forgottenPosition = 0
  }

  /** What was sent and not confirmed may be lost. */
  connectionLost(): void {
    for (const [address, { bytes }] of this.#unconfirmed) this.addUnsent({ address, bytes })
    this.#unconfirmed.clear()
    if (this.#forgottenPosition > 0) this.addUnsent(this.#options.everyone)
    this.#forgottenPosition = 0
  }

  /** Sends what waits unsent, as far as it can be sent. @param send returns the position, or undefined if it could not */
  sendUnsent(send: (telling: Telling) => number | undefined): void {
    for (const [address, bytes] of this.#unsent) {
      const position = send({ address, bytes })
      if (position === undefined) return
      this.#unsent.delete(address)
      this.addSent({ address, bytes }, position)
    }
  }
}
