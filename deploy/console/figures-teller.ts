import type { Clock } from '../../cluster/clock.ts'
import { consoleAddress, PROCESSES_ADDRESS, type ProcessId } from '../../push/agent-requests.ts'
import type { Log } from '../../push/log.ts'
import type { AgentBus } from '../assembly.ts'
import type { OwnFigures } from './own-figures.ts'

/** What telling and gathering figures works with. */
export interface FiguresDeps {
  readonly bus: AgentBus
  readonly figures: OwnFigures
  readonly clock: Clock
  readonly log: { readonly debug: Log['warn']; readonly warn: Log['warn'] }
}

/** Characters that the figures of one process may have; there are some 15,000. NATS carries 128 kB where it is set up as deploy/nats says. */
export const FIGURES_MAX = 60_000

/** Who watches asks once a second; what comes sooner is the same through another cell, or somebody who asks too much. */
const AGAIN_MS = 500
/** Processes that are told at a time. */
const WATCHERS_MAX = 64

/** Tells the figures of this process to those processes whose console somebody looks at. */
export class FiguresTeller {
  readonly #deps: FiguresDeps
  /** When each was told last. */
  readonly #told = new Map<ProcessId, number>()
  readonly #stop: () => void

  constructor(deps: FiguresDeps) {
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
      const json = JSON.stringify(await figures.now())
      if (json.length > FIGURES_MAX) throw new RangeError(`they have ${json.length} characters`)
      bus.tell(consoleAddress(watcher), { kind: 'figures', json })
    } catch (err) {
      log.warn({ err }, 'the figures of this process can not be told to a console')
    }
  }
}
