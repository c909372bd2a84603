import type { ProcessFigures } from '../../figures.ts'
import { Counters, type Increase } from './counters.ts'
import { Window } from './window.ts'

/** A process that the page knows of. */
export interface KnownProcess {
  readonly figures: ProcessFigures
  /** What it counts by itself, over the last seconds of its own time. */
  readonly window: Window
  /** When it last told something new, in milliseconds. */
  readonly seenMs: number
}

/** How long a process is shown that tells nothing any more. */
const SHOWN_GONE_MS = 600_000
/** How many of them at most: a service whose processes crash and start again must not fill the page. */
const SHOWN_GONE_MAX = 20
/** What is wanted of each process by itself. */
const OWN: readonly string[] = ['process_cpu_seconds_total', 'pushgrid_messages_total']

interface Known extends KnownProcess {
  readonly counters: Counters
}

/**
 * The processes of the service, those that have left among them. Each is measured by its own time (`upMs`), which does not care
 * how long a message was on its way.
 */
export class Processes {
  readonly #windowSeconds: number
  /** What tells nothing new for longer is gone, and what it has counted meanwhile is not known to have happened now. */
  readonly #silentMs: number
  readonly #known = new Map<string, Known>()

  constructor(windowSeconds: number, silentMs: number) {
    this.#windowSeconds = windowSeconds
    this.#silentMs = silentMs
  }

  /** Takes what all of them tell now. @returns what they have counted since they last did */
  see(processes: readonly ProcessFigures[], nowMs: number): Increase[] {
    const increases = processes.flatMap((figures) => this.#seeOne(figures, nowMs))
    this.#forget(nowMs)
    return increases
  }

  /** Those that are there. */
  present(nowMs: number): readonly KnownProcess[] {
    return [...this.#known.values()].filter(({ seenMs }) => nowMs - seenMs <= this.#silentMs)
  }

  /** Those that are not any more, the last one first. */
  gone(nowMs: number): readonly KnownProcess[] {
    return [...this.#known.values()]
      .filter(({ seenMs }) => nowMs - seenMs > this.#silentMs)
      .toSorted((a, b) => b.seenMs - a.seenMs)
  }

  #seeOne(figures: ProcessFigures, nowMs: number): Increase[] {
    const before = this.#known.get(figures.process)
    const { counters, window } = before ?? {
      counters: new Counters(),
      window: new Window(this.#windowSeconds),
    }
    const ms = figures.upMs - (before?.figures.upMs ?? figures.upMs)
    // Told once more, by who gathers it, because there was no newer answer.
    if (before !== undefined && ms <= 0) return []
    this.#known.set(figures.process, { figures, seenMs: nowMs, counters, window })
    const increases = counters.see(figures)
    if (ms > this.#silentMs) {
      window.clear()
      return []
    }
    const own = increases.filter(({ name }) => OWN.includes(name))
    if (ms > 0) window.push(ms / 1000, own)
    return increases
  }

  #forget(nowMs: number): void {
    this.gone(nowMs).forEach(({ figures, seenMs }, index) => {
      if (index >= SHOWN_GONE_MAX || nowMs - seenMs > SHOWN_GONE_MS) this.#known.delete(figures.process)
    })
  }
}
