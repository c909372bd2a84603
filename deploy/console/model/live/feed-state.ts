/** How the page stands with the service. */
export type FeedState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** @property sinceMs when the service sent what came last, by its clock */
  | { readonly kind: 'interrupted'; readonly sinceMs: number; readonly reason: string }

/** A service that says nothing for so long is not there any more: it says something each second, a busy one later. */
export const SILENT_MS = 20_000

/** How long to wait before another try, after so many in vain: soon at first, and never so long that somebody would reload the page. */
export function retryMs(tries: number): number {
  return Math.min(10_000, 500 * 2 ** tries)
}
