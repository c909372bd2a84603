import type { Job } from '../load/generator.ts'
import type { LiveSample } from '../measure/live.ts'
import type { Measurements } from '../measure/measurements.ts'
import type { SelfSamples } from '../measure/self.ts'
import type { BenchResult } from '../result/result.ts'

/** What a coordinator says to a worker, as JSON. */
export type ToWorker =
  | { readonly type: 'job'; readonly job: Job }
  /** All have arrived at that phase: it begins now. */
  | { readonly type: 'enter'; readonly index: number }
  /** A part has arrived: what it tells need not be told again. */
  | { readonly type: 'kept'; readonly mark: PartMark }
  /** Leave the remaining phases out. */
  | { readonly type: 'end' }
  /** The same, without waiting for anyone: nobody cares any more. */
  | { readonly type: 'abandon' }

/** What a worker says to its coordinator, as JSON. */
export type FromWorker =
  /** It waits for the others before that phase. */
  | { readonly type: 'at'; readonly index: number }
  /** Each second: that it lives, and how it is doing. */
  | { readonly type: 'alive'; readonly sample: LiveSample }
  /** Every two seconds, where it could be lost: what it would be good to know then. */
  | { readonly type: 'part'; readonly part: WorkerPart }
  | { readonly type: 'done'; readonly report: WorkerReport }
  | { readonly type: 'failed'; readonly text: string }

/** All that a worker found out. Times are seconds since it entered the first phase, the same moment for all. */
export interface WorkerReport {
  readonly measurements: Measurements
  readonly self: SelfSamples
  readonly phases: BenchResult['phases']
  readonly warnings: BenchResult['warnings']
}

/**
 * What a worker has found out so far. All of it is the whole so far, and takes the place of the part before, so that none counts twice, and one that gets lost on
 * its way does no harm; but of the timeline and of the samples it has only what changed after the last part that is known to have arrived.
 */
export interface WorkerPart extends WorkerReport {
  readonly mark: PartMark
  /** Messages that are on their way, or wait, and in none of the counts. */
  readonly open: number
}

/** Up to where a part tells. */
export interface PartMark {
  /** Of the timeline. */
  readonly revision: number
  /** Seconds since the worker entered the first phase. */
  readonly atS: number
}

/** How often a worker that could be lost tells what it has found out. */
export const PART_EVERY_MS = 2000
/** How often either side says that it lives. */
export const ALIVE_EVERY_MS = 1000
/** A side that was silent for so long is gone; a worker that connects thousands at once may be busy for seconds. */
export const GONE_AFTER_MS = 6000
/** So long a process may take to start, which says nothing meanwhile; one that ends instead is noticed at once. */
export const START_WITHIN_MS = 30_000
