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
  store: Pick<Store, 'collectGarbage' | 'sweepReceipts'>
  clock: Clock
  log: GarbageLog
  /** Whether it is this process that collects, at the moment; absent where it always is. */
  isOurs?: () => boolean
}

/** How to stop what goes on in the background: resolves when no round is under way any more. */
export type Stop = () => Promise<void>

/**
 * Collects the store's garbage in the background, a bounded round at a time with a pause after each, so that
 * deliveries never wait long behind it and no two rounds overlap. Once through the whole store it rests.
 */
export function startGarbageCollection(
  options: Pick<Options, 'collectIntervalMs' | 'collectRestMs' | 'collectMax'>,
  deps: GarbageDeps,
): Stop {
  const { store, clock, log } = deps
  const { collectIntervalMs, collectRestMs, collectMax } = options
  const collect = async () => {
    const { done, ...found } = await store.collectGarbage(clock.nowMs(), collectMax)
    if (Object.values(found).some((count) => count > 0)) log.debug(found, 'garbage collected')
    return done ? collectRestMs : collectIntervalMs
  }
  return repeat(collect, collectIntervalMs, 'garbage could not be collected; trying again', deps)
}

/**
 * Ends messages with a receipt whose time is over, in the background: their senders wait to hear of it. It has a pace of its own, for a
 * whole round of garbage collection may take long.
 */
export function startReceiptSweep(
  options: Pick<Options, 'receiptSweepMs' | 'collectIntervalMs' | 'collectMax'>,
  deps: GarbageDeps,
): Stop {
  const { store, clock, log } = deps
  const { receiptSweepMs, collectIntervalMs, collectMax } = options
  const sweep = async () => {
    const messages = await store.sweepReceipts(clock.nowMs(), collectMax)
    if (messages > 0) log.debug({ messages }, 'messages with a receipt have expired')
    return messages < collectMax ? receiptSweepMs : Math.min(collectIntervalMs, receiptSweepMs)
  }
  return repeat(sweep, receiptSweepMs, 'receipts could not be swept; trying again', deps)
}

/** Does a round over and over, each after the pause that the one before has asked for; after a failure, after `pauseMs`. */
function repeat(
  round: () => Promise<number>,
  pauseMs: number,
  failure: string,
  { clock, log, isOurs }: GarbageDeps,
): Stop {
  let timer: Timer
  let running = Promise.resolve()
  let stopped = false
  let failing = false

  async function run(): Promise<void> {
    if (isOurs?.() === false) return schedule(pauseMs)
    let nextMs = pauseMs
    try {
      nextMs = await round()
      failing = false
    } catch (error) {
      // A store that is down stays down for many rounds: say it once.
      if (!failing) log.warn({ err: error }, failure)
      failing = true
    }
    if (!stopped) schedule(nextMs)
  }

  function schedule(ms: number): void {
    timer = clock.after(ms, () => {
      running = run()
    })
  }

  schedule(pauseMs)
  return () => {
    stopped = true
    timer.cancel()
    return running
  }
}
