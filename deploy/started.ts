import type { Logger } from 'pino'

/** What has been started of a process, to be stopped in the opposite order. */
export class Started {
  readonly #parts: { name: string; stop: () => Promise<void> }[] = []
  readonly #log: Pick<Logger, 'error'>

  constructor(log: Pick<Logger, 'error'>) {
    this.#log = log
  }

  /** A part is running now, on top of those before it. */
  add(name: string, stop: () => Promise<void>): void {
    this.#parts.push({ name, stop })
  }

  /** Stops all parts; one that fails to stop is logged and does not keep those below it from being stopped. */
  async stop(): Promise<'stopped' | 'failed'> {
    let outcome: 'stopped' | 'failed' = 'stopped'
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.stop()
      } catch (err) {
        outcome = 'failed'
        this.#log.error({ err }, `${part.name} did not stop properly`)
      }
    }
    return outcome
  }
}
