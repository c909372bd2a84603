import { Counts } from '../cluster/counts.ts'
import type { NatsBusEvents, NatsBusFailure } from '../cluster/nats-bus.ts'
import type { CellEvents } from '../cluster/open-cell.ts'
import type { ProcessDeps } from './assembly.ts'

/** Failures of one kind in one cell are logged no more often. */
const LOG_EVERY_MS = 1000

/** Says in the log, and counts, what becomes of the connection to each cell, without flooding it. */
export class CellsLog {
  readonly #deps: Pick<ProcessDeps, 'clock' | 'log'>
  readonly #loggedAtMs = new Map<string, number>()
  readonly #reasons = new Map<string, string>()
  readonly #events = new Counts<string>()

  constructor(deps: Pick<ProcessDeps, 'clock' | 'log'>) {
    this.#deps = deps
  }

  /** How often each thing happened to each cell, as `<cell> <event>`: restored, lost, or what failed. */
  get events(): ReadonlyMap<string, number> {
    return this.#events.all
  }

  /** The last failure in a cell, for a person. */
  reasonOf(cell: string): string {
    return this.#reasons.get(cell) ?? 'no answer'
  }

  /** Logs what the bus of a cell tells, and passes on what others have to know. */
  eventsOf(cell: string, events: CellEvents): NatsBusEvents {
    const { log } = this.#deps
    return {
      restored: () => {
        this.#events.add(`${cell} restored`)
        log.info({ cell }, 'connected to NATS')
        events.restored()
      },
      lost: () => {
        this.#events.add(`${cell} lost`)
        log.warn({ cell }, 'the connection to NATS is lost; making it anew')
        events.lost()
      },
      failed: (what, error, address) => this.#failed(cell, what, error, address),
    }
  }

  #failed(cell: string, what: NatsBusFailure, err: unknown, address: string | undefined): void {
    const { clock, log } = this.#deps
    this.#events.add(`${cell} ${what}`)
    this.#reasons.set(cell, err instanceof Error ? err.message : String(err))
    const nowMs = clock.monotonicMs()
    const kind = `${cell} ${what}`
    if (nowMs - (this.#loggedAtMs.get(kind) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return
    this.#loggedAtMs.set(kind, nowMs)
    log.warn({ err, cell, what, address }, 'the bus failed')
  }
}
