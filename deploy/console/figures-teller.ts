import type { Clock } from '../../cluster/clock.ts'
import { consoleAddress, PROCESSES_ADDRESS, type ProcessId } from '../../push/agent-requests.ts'
import type { Log } from '../../push/log.ts'
import type { AgentBus } from '../assembly.ts'
import type { OwnFigures } from './own-figures.ts'

/** What telling figures works with. */
export interface FiguresTellerDeps {
  readonly bus: AgentBus
  readonly figures: OwnFigures
  readonly clock: Clock
  readonly log: Log
}

/** Who watches asks once a second; what comes sooner is the same through another cell, or somebody who asks too much. */
const AGAIN_MS = 500
/** Processes that are told at a time. */
const WATCHERS_MAX = 64

/** Tells the figures of this process to those processes whose console somebody looks at. */
export class FiguresTeller {
  readonly #deps: FiguresTellerDeps
  /** When each was told last. */
  readonly #told = new Map<ProcessId, number>()
  readonly #stop: () => void

  constructor(deps: FiguresTellerDeps) {
    this.#deps = deps
    const listening = deps.bus.listen(PROCESSES_ADDRESS, (request) => {
      if (request.kind === 'watch') this.#asked(request.watcher)
    })
    this.#stop = () => listening.stop()
  }

  /** Tells nobody any more. */
  close(): void {
    this.#stop()
  }

  #asked(watcher: ProcessId): void {
    const { figures, clock } = this.#deps
    // It knows its own.
    if (watcher === figures.process) return
    const nowMs = clock.monotonicMs()
    for (const [other, atMs] of this.#told) if (nowMs - atMs >= AGAIN_MS) this.#told.delete(other)
    if (this.#told.has(watcher) || this.#told.size >= WATCHERS_MAX) return
    this.#told.set(watcher, nowMs)
    void this.#tell(watcher)
  }

  async #tell(watcher: ProcessId): Promise<void> {
    const { bus, figures, log } = this.#deps
    try {
      bus.tell(consoleAddress(watcher), { kind: 'figures', json: JSON.stringify(await figures.now()) })
    } catch (err) {
      log.warn({ err }, 'the figures of this process can not be told to a console')
    }
  }
}
