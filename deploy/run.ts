import type { Logger } from 'pino'
import type { Clock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import type { Serving } from './roles.ts'

/** The part of `process` that a run depends on. */
export interface Host {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown
  exit(code: number): void
}

/**
 * Ends the process at once on a defect that nothing caught: its state is unknown from then on, and the store is safe
 * against a sudden end. Call it before anything starts.
 */
export function exitOnDefect(host: Host, log: Pick<Logger, 'fatal'>): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    host.on(event, (err) => {
      log.fatal({ err }, event)
      host.exit(1)
    })
  }
}

/** A terminal sends Ctrl+C to `npm start` and to us, and npm passes its own on: within this time it is still the first. */
const ONE_SIGNAL_MS = 500

/**
 * Stops on SIGTERM or SIGINT and exits: 0 when all went well, 1 when it did not or took longer than `stopMs`. A second
 * signal ends the process at once, for a person who would rather not wait.
 * @returns stops for another reason, which does not count as a signal
 */
export function exitOnSignal(
  serving: Pick<Serving, 'stop' | 'stopMs'>,
  deps: { host: Host; clock: Clock; log: Pick<Logger, 'info' | 'error'> },
): (reason: string) => void {
  const { host, clock, log } = deps
  let firstAtMs: number | undefined
  let stopping = false

  async function stop(reason: string): Promise<void> {
    if (stopping) return
    stopping = true
    log.info({ reason }, 'stopping: finishing what was accepted; a second signal ends at once')
    const outcome = await within<'stopped' | 'failed' | 'late'>(
      clock,
      serving.stopMs,
      serving.stop(),
      () => 'late',
    )
    if (outcome === 'stopped') log.info({}, 'stopped')
    else if (outcome === 'late') log.error({ stopMs: serving.stopMs }, 'stopping took too long')
    host.exit(outcome === 'stopped' ? 0 : 1)
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    host.on(signal, () => {
      const nowMs = clock.monotonicMs()
      if (firstAtMs === undefined) {
        firstAtMs = nowMs
        void stop(signal)
      } else if (nowMs - firstAtMs > ONE_SIGNAL_MS) host.exit(1)
    })
  }
  return (reason) => void stop(reason)
}
