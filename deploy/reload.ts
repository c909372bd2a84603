import type { Logger } from 'pino'
import type { Serving } from './roles.ts'

/** The part of `process` that a reload depends on. */
export interface HangupHost {
  on(event: 'SIGHUP', listener: () => void): unknown
}

/**
 * Reads again what may change while the process serves, on SIGHUP; without this the signal would end it. One that comes during the
 * start waits for its end.
 */
export function reloadOnSignal(
  starting: Promise<Pick<Serving, 'reload'>>,
  { host, log }: { host: HangupHost; log: Pick<Logger, 'info'> },
): void {
  host.on('SIGHUP', () => {
    log.info({ signal: 'SIGHUP' }, 'reading again what may change while it serves')
    // A start that failed says so itself.
    starting.then((serving) => serving.reload()).catch(() => {})
  })
}
