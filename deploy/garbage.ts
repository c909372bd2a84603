import type { Clock, Timer } from '../cluster/clock.ts'
import type { Store } from '../store/store.ts'
import type { Options } from './options.ts'

/** The part of the log that garbage collection writes to. */
export interface GarbageLog {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** What garbage collection works with. */
export interface GarbageDeps {
  store: Pick<Store, 'collectGarbage'>
  clock: Clock
  log: GarbageLog
  /** Whether it is this process that collects, at the moment; absent where it always is. */
  isOurs?: () => boolean
}

/**
 * Collects the store's garbage in the background, a bounded round at a time with a pause after each, so that
 * deliveries never wait long behind it and no two rounds overlap. Once through the whole store it rests.
 * @returns how to stop: resolves when no round is under way any more
 */
export function startGarbageCollection(
  options: Pick<Options, 'collectIntervalMs' | 'collectRestMs' | 'collectMax'>,
  deps: GarbageDeps,
): () => Promise<void> {
  let timer: Timer
  let round = Promise.resolve()
  let stopped = false
  let failing = false

  async function collect(): Promise<void> {
    let pauseMs = options.collectIntervalMs
    if (deps.isOurs?.() === false) return schedule(pauseMs)
    try {
      const collected = await deps.store.collectGarbage(deps.clock.nowMs(), options.collectMax)
      const { agents, messages, done } = collected
      if (done) pauseMs = options.collectRestMs
      if (agents > 0 || messages > 0) deps.log.debug({ agents, messages }, 'garbage collected')
      failing = false
    } catch (error) {
      // A store that is down stays down for many rounds: say it once.
      if (!failing) deps.log.warn({ err: error }, 'garbage could not be collected; trying again')
      failing = true
    }
    if (!stopped) schedule(pauseMs)
  }

  function schedule(pauseMs: number): void {
    timer = deps.clock.after(pauseMs, () => {
      round = collect()
    })
  }

  schedule(options.collectIntervalMs)
  return () => {
    stopped = true
    timer.cancel()
    return round
  }
}
