import type { Content } from '../push/operations.ts'
import type { Listening } from './banner.ts'
import type { Snapshot } from './metrics/metrics.ts'

/** What a parent says to a worker. */
export type ToWorker =
  /** Are you there? A process that hangs or is stopped does not answer. */
  | { readonly kind: 'ping' }
  /** Drain, then exit. */
  | { readonly kind: 'stop' }
  /** What are your metrics? */
  | { readonly kind: 'measure' }
  /** The metrics of all workers, for whoever has asked this one. */
  | { readonly kind: 'gathered'; readonly content: Content }

/** What a worker says to its parent. */
export type FromWorker =
  | { readonly kind: 'pong' }
  | { readonly kind: 'serving'; readonly listening: Listening }
  /** Its metrics, as asked for. */
  | { readonly kind: 'measured'; readonly snapshot: Snapshot }
  /** Somebody has asked it for the metrics of all workers. */
  | { readonly kind: 'gather' }
  /** It can't start, for the reason of a StartError, and exits. */
  | { readonly kind: 'failed'; readonly reason: string }
