import { AggregatorRegistry } from 'prom-client'
import type { Clock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import type { Content } from '../../push/operations.ts'
import type { Snapshot } from './metrics.ts'

/** A worker of whose metrics the parent knows. */
interface Measured {
  /** What it said last. */
  latest: Snapshot
  /** Asks it for what is now. */
  readonly ask: () => void
  /** Told when it has answered. */
  answered: () => void
}

/** A worker that hangs must not keep the others from being seen: it counts with what it said last. */
const ANSWER_MS = 1000
/** What has been counted by workers that have ended, in Prometheus' words for it. */
const KEPT: readonly string[] = ['counter', 'histogram']

/**
 * Puts the metrics of all workers of a port together, because nobody can choose which of them answers. What workers that
 * have ended had counted stays in the sums, which would fall otherwise: to Prometheus that is a start from zero.
 */
export class WorkerMetrics {
  readonly #clock: Clock
  readonly #workers = new Map<number, Measured>()
  #ended: Snapshot = []
  #gathering: Promise<Content> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A worker serves. @param ask asks it for its metrics */
  serving(worker: number, ask: () => void): void {
    this.#workers.set(worker, { latest: [], ask, answered: () => {} })
  }

  /** A worker has answered. */
  answered(worker: number, snapshot: Snapshot): void {
    const measured = this.#workers.get(worker)
    if (measured === undefined) return
    measured.latest = snapshot
    measured.answered()
  }

  /** A worker has ended. */
  ended(worker: number): void {
    const measured = this.#workers.get(worker)
    if (measured === undefined) return
    this.#workers.delete(worker)
    measured.answered()
    const counted = measured.latest.filter(({ type }) => KEPT.includes(`${type}`))
    // One value for each set of labels again, however many workers end; the library's own type lacks the values.
    this.#ended = AggregatorRegistry.aggregate([this.#ended, counted]).getMetricsAsArray() as Snapshot
  }

  /** The metrics of all; those who ask at the same time share the answer. */
  gather(): Promise<Content> {
    this.#gathering ??= this.#gather().finally(() => {
      this.#gathering = undefined
    })
    return this.#gathering
  }

  async #gather(): Promise<Content> {
    const answers = [...this.#workers.values()].map((measured) => {
      const answered = new Promise<void>((resolve) => {
        measured.answered = resolve
      })
      measured.ask()
      return answered
    })
    await within(this.#clock, ANSWER_MS, Promise.all(answers).then(nothing), nothing)
    const snapshots = [...this.#workers.values()].map(({ latest }) => latest)
    const registry = AggregatorRegistry.aggregate([...snapshots, this.#ended])
    return { type: registry.contentType, text: await registry.metrics() }
  }
}

function nothing(): void {}
