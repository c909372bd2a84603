import type { ClusterFigures } from '../../figures.ts'
import { type FeedState, retryMs, SILENT_MS } from '../../model/live/feed-state.ts'
import { TokenNeeded, watchFigures } from '../session.ts'

/** Told what comes of a feed. */
export interface FeedListener {
  readonly see: (figures: ClusterFigures) => void
  readonly changed: (state: FeedState) => void
  /** The service wants the admin token; the feed has ended. */
  readonly tokenNeeded: () => void
}

/** Follows the figures of the service, and comes back by itself when it has lost them. */
export class Feed {
  readonly #listener: FeedListener
  /** When the last message was sent, by the service's clock; before the first one when the feed began. */
  #lastMs = Date.now()
  #attempt = new AbortController()
  #silence: number | undefined
  #isStopped = false
  /** Ends a wait before its time. */
  #wake: () => void = () => {}

  constructor(listener: FeedListener) {
    this.#listener = listener
    addEventListener('online', this.retry)
    void this.#run()
  }

  /** Tries at once to come back. */
  readonly retry = (): void => this.#wake()

  /** Ends it. */
  stop(): void {
    this.#isStopped = true
    removeEventListener('online', this.retry)
    this.#attempt.abort()
    this.#wake()
  }

  async #run(): Promise<void> {
    this.#listener.changed({ kind: 'connecting' })
    for (let tries = 0; !this.#isStopped; tries++) {
      const beforeMs = this.#lastMs
      const reason = await this.#follow()
      if (this.#isStopped || reason === undefined) return
      if (this.#lastMs !== beforeMs) tries = 0
      this.#listener.changed({ kind: 'interrupted', sinceMs: this.#lastMs, reason })
      await this.#wait(retryMs(tries))
    }
  }

  /** Follows until it is lost. @returns why; undefined where it is no use to try again */
  async #follow(): Promise<string | undefined> {
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#expect(attempt)
    try {
      await watchFigures((figures) => {
        this.#expect(attempt)
        this.#lastMs = figures.atMs
        this.#listener.see(figures)
        this.#listener.changed({ kind: 'live' })
      }, attempt.signal)
      return 'the service has ended it'
    } catch (error) {
      if (!(error instanceof TokenNeeded))
        return reasonOf(attempt.signal.aborted ? attempt.signal.reason : error)
      this.#listener.tokenNeeded()
      return undefined
    } finally {
      clearTimeout(this.#silence)
    }
  }

  /** Gives up what stays silent: a connection may be lost without anybody saying so. */
  #expect(attempt: AbortController): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => attempt.abort('the service is silent'), SILENT_MS)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function reasonOf(error: unknown): string {
  // What browsers call a connection that is refused or lost differs, and says no more than this.
  if (error instanceof TypeError) return 'it can’t be reached'
  return error instanceof Error ? error.message : String(error)
}
