import type { Timer } from '../cluster/clock.ts'
import type { Listening } from './banner.ts'
import { StartError } from './start-error.ts'
import { type WorkerCare, WorkerSlot, type WorkerSlotDeps } from './worker-slot.ts'

/** Unless a test says otherwise: one that hangs is replaced after 10 s. */
export const WORKER_CARE: WorkerCare = {
  pingMs: 1000,
  unansweredMax: 10,
  unansweredAtStartMax: 30,
  soundMs: 10_000,
  pauseMs: 250,
  pauseMaxMs: 10_000,
}

/** Keeps a number of workers running: starts them, replaces those that end or hang, and stops them. */
export class Supervisor {
  readonly #slots: readonly WorkerSlot[]
  readonly #care: WorkerCare
  readonly #deps: WorkerSlotDeps
  /** Places in which a worker ended before it served. */
  readonly #failed = new Set<number>()
  #hasServed = false
  #pinging: Timer | undefined
  #started: (listening: Listening) => void = () => {}
  #notStarted: (error: StartError) => void = () => {}

  constructor(count: number, care: WorkerCare, deps: WorkerSlotDeps) {
    this.#care = care
    this.#deps = deps
    this.#slots = Array.from(
      { length: count },
      (_, index) =>
        new WorkerSlot(index + 1, care, deps, {
          serving: (listening) => this.#serving(listening),
          failed: (reason) => this.#failedToStart(index, reason),
        }),
    )
  }

  /**
   * Starts all workers.
   * @returns where they listen, once all of them serve
   * @throws StartError when none of them can start; one that can't is tried again as long as another one could
   */
  start(): Promise<Listening> {
    return new Promise((resolve, reject) => {
      this.#started = resolve
      this.#notStarted = reject
      for (const slot of this.#slots) slot.start()
      this.#pingLater()
    })
  }

  /** Passes a signal on to every worker. */
  signal(signal: NodeJS.Signals): void {
    for (const slot of this.#slots) slot.signal(signal)
  }

  /** Lets all workers finish at once; `failed` when one did not end well. Those that hang are killed as before. */
  async stop(): Promise<'stopped' | 'failed'> {
    const outcomes = await Promise.all(this.#slots.map((slot) => slot.stop()))
    this.#pinging?.cancel()
    return outcomes.includes('failed') ? 'failed' : 'stopped'
  }

  /** Ends all workers at once: none must outlive the parent. */
  kill(): void {
    for (const slot of this.#slots) slot.kill()
  }

  #serving(listening: Listening): void {
    this.#hasServed = true
    if (this.#slots.every(({ serves }) => serves)) this.#started(listening)
  }

  #failedToStart(index: number, reason: string): void {
    this.#failed.add(index)
    if (this.#hasServed || this.#failed.size < this.#slots.length) return
    void this.stop().then(() => this.#notStarted(new StartError(reason)))
  }

  #pingLater(): void {
    this.#pinging = this.#deps.clock.after(this.#care.pingMs, () => {
      for (const slot of this.#slots) slot.ping()
      this.#pingLater()
    })
  }
}
