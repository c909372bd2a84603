import type { ServerResponse } from 'node:http'
import type { Clock } from '../cluster/clock.ts'
import type { Console } from './console.ts'

/** Pages that may follow the figures at a time, at one process. */
const WATCHERS_MAX = 16
/** A page that takes nothing for so long is gone. */
const STALLED_MS = 30_000

/** The pages that follow the figures of the service, as server-sent events (the WHATWG HTML standard, section 9.2). */
export class ConsoleWatchers {
  readonly #console: Pick<Console, 'watch'>
  readonly #clock: Clock
  readonly #open = new Set<() => void>()
  #closing = false

  constructor(console: Pick<Console, 'watch'>, clock: Clock) {
    this.#console = console
    this.#clock = clock
  }

  /** Whether there is room for one more. */
  get hasRoom(): boolean {
    return !this.#closing && this.#open.size < WATCHERS_MAX
  }

  /** Answers with figures, for as long as both sides like. What a page is too slow for it does not get: what comes later is all it needs. */
  watch(response: ServerResponse, headers: Record<string, string>): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    response.flushHeaders()
    let stalledAtMs: number | undefined
    const stop = this.#console.watch((figures) => {
      const nowMs = this.#clock.monotonicMs()
      if (stalledAtMs === undefined) {
        stalledAtMs = nowMs
        response.write(`data: ${figures}\n\n`, 'utf8', () => {
          stalledAtMs = undefined
        })
      } else if (nowMs - stalledAtMs > STALLED_MS) response.destroy()
    })
    const end = () => {
      stop()
      this.#open.delete(end)
      response.end()
    }
    this.#open.add(end)
    response.on('close', end)
    response.on('error', end)
  }

  /** Ends all: the pages come again, to another process or this one's successor. */
  close(): void {
    this.#closing = true
    for (const end of this.#open) end()
  }
}
