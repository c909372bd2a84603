import type { MapDigests } from './cells.ts'
import type { Clock, Random, Timer } from './clock.ts'

/** What a process says of its map of cells, to all others. */
export interface MapStatement {
  /** The process: 8 random bytes in hexadecimal, new at each start. */
  readonly process: string
  /** How long its map is in force, on its own monotonic clock. */
  readonly ageMs: number
  readonly digests: MapDigests
  /** Whether it knows itself that an older map differs: then its own counts for nobody. */
  readonly isDisputed: boolean
}

/** What agreeing on a map works with. */
export interface CellAgreementDeps {
  readonly clock: Clock
  readonly random: Random
  /** Says it to all processes that can be reached; it may be lost. */
  say(statement: MapStatement): void
  /** Told once of each process with another map, whether that is the older one. */
  differs(isOlder: boolean): void
}

/** Another process, as it was heard last. */
interface Peer {
  readonly statement: MapStatement
  readonly heardAtMs: number
}

const SAY_EVERY_MS = 5000
/** Who is new here is answered after this, together with all who come meanwhile. */
const ANSWER_MS = 100
/** Three statements may get lost; then the process is taken for gone. */
const FORGET_MS = 3 * SAY_EVERY_MS + 1000
/** Processes listened to; beyond them none is noticed. */
const PEERS_MAX = 10_000

/**
 * Watches that all processes have the same map of cells, or maps of which one leads to the other: else some look for an address
 * where others do not listen. Of two that differ the younger is wrong, as far as anybody can know, and should not serve.
 */
export class CellAgreement {
  readonly #deps: CellAgreementDeps
  readonly #process: string
  readonly #peers = new Map<string, Peer>()
  #digests: MapDigests
  #sinceMs: number
  #timer: Timer
  #answering: Timer | undefined

  /** Says what map is in force, and goes on to do so until it is closed. */
  constructor(digests: MapDigests, deps: CellAgreementDeps) {
    this.#deps = deps
    this.#process = Buffer.from(deps.random.bytes(8)).toString('hex')
    this.#digests = digests
    this.#sinceMs = deps.clock.monotonicMs()
    this.#timer = this.#sayLater()
    this.#say()
  }

  /** Another map is in force from now on. */
  changed(digests: MapDigests): void {
    this.#digests = digests
    this.#sinceMs = this.#deps.clock.monotonicMs()
    for (const peer of this.#peers.values()) this.#notice(peer)
    this.#say()
  }

  /** Another process said this, or this one did. */
  heard(statement: MapStatement): void {
    const { process, digests } = statement
    if (process === this.#process) return
    const known = this.#peers.get(process)
    if (known === undefined && this.#peers.size >= PEERS_MAX) return
    const peer = { statement, heardAtMs: this.#deps.clock.monotonicMs() }
    this.#peers.set(process, peer)
    if (known === undefined) this.#answerSoon()
    if (known === undefined || !isSame(known.statement.digests, digests)) this.#notice(peer)
  }

  /** Processes whose map differs from this one's and is older. */
  get disputes(): number {
    const nowMs = this.#deps.clock.monotonicMs()
    const peers = [...this.#peers.values()].filter(({ heardAtMs }) => nowMs - heardAtMs < FORGET_MS)
    return peers.filter((peer) => !peer.statement.isDisputed && this.#isOlder(peer, nowMs)).length
  }

  /** Says nothing any more. */
  close(): void {
    this.#timer.cancel()
    this.#answering?.cancel()
  }

  #isOlder({ statement, heardAtMs }: Peer, nowMs: number): boolean {
    if (agree(statement.digests, this.#digests)) return false
    const aheadMs = statement.ageMs + (nowMs - heardAtMs) - (nowMs - this.#sinceMs)
    return aheadMs > 0 || (aheadMs === 0 && statement.process < this.#process)
  }

  #notice(peer: Peer): void {
    if (agree(peer.statement.digests, this.#digests)) return
    this.#deps.differs(this.#isOlder(peer, this.#deps.clock.monotonicMs()))
  }

  #say(): void {
    this.#deps.say({
      process: this.#process,
      ageMs: this.#deps.clock.monotonicMs() - this.#sinceMs,
      digests: this.#digests,
      isDisputed: this.disputes > 0,
    })
  }

  #sayLater(): Timer {
    return this.#deps.clock.after(SAY_EVERY_MS, () => {
      this.#forget()
      this.#timer = this.#sayLater()
      this.#say()
    })
  }

  #answerSoon(): void {
    this.#answering ??= this.#deps.clock.after(ANSWER_MS, () => {
      this.#answering = undefined
      this.#say()
    })
  }

  #forget(): void {
    const nowMs = this.#deps.clock.monotonicMs()
    for (const [process, { heardAtMs }] of this.#peers)
      if (nowMs - heardAtMs >= FORGET_MS) this.#peers.delete(process)
  }
}

/** Whether each finds whom the other one listens for: they have a map in common. */
function agree(a: MapDigests, b: MapDigests): boolean {
  return a.from === b.from || a.from === b.to || a.to === b.from || a.to === b.to
}

function isSame(a: MapDigests, b: MapDigests): boolean {
  return a.from === b.from && a.to === b.to
}
