import type { ProcessClock, SimulatedClock } from '../../cluster/simulated-clock.ts'

/**
 * One simulated operating-system process. All that reaches it comes through its clock, so that a pause holds it back
 * and a kill loses it.
 */
export class Process {
  readonly name: string
  readonly clock: ProcessClock
  readonly #onKill: (() => void)[] = []
  alive = true

  constructor(name: string, time: SimulatedClock, skewMs: number) {
    this.name = name
    this.clock = time.process(skewMs)
  }

  /** Calls this when the process is killed: its sockets break, its subscriptions end. */
  onKill(run: () => void): void {
    this.#onKill.push(run)
  }

  /** SIGKILL. */
  kill(): void {
    if (!this.alive) return
    this.alive = false
    this.clock.kill()
    for (const run of this.#onKill) run()
  }
}
