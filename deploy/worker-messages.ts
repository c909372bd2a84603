import type { Listening } from './banner.ts'

/** What a parent says to a worker. */
export type ToWorker =
  /** Are you there? A process that hangs or is stopped does not answer. */
  | { readonly kind: 'ping' }
  /** Drain, then exit. */
  | { readonly kind: 'stop' }

/** What a worker says to its parent. */
export type FromWorker =
  | { readonly kind: 'pong' }
  | { readonly kind: 'serving'; readonly listening: Listening }
  /** It can't start, for the reason of a StartError, and exits. */
  | { readonly kind: 'failed'; readonly reason: string }
