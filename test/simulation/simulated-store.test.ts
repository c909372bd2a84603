import { type Clock, systemClock } from '../../cluster/clock.ts'
import { storeContract } from '../../store/store.contract.ts'
import { Dice } from './dice.ts'
import { CALM } from './faults.ts'
import { createStorage } from './simulated-store.ts'
import { SILENT } from './store-truth.ts'

/** Every wait is so much longer: what gives up after 2 s must not on a busy machine. */
const PATIENCE = 20

/** Real time, in which what takes no time takes none, and nobody loses patience. */
const PROMPT: Clock = {
  ...systemClock,
  monotonicMs: () => Math.floor(systemClock.monotonicMs() / PATIENCE),
  after(delayMs, run) {
    if (delayMs > 0) return systemClock.after(PATIENCE * delayMs, run)
    let cancelled = false
    queueMicrotask(() => cancelled || run())
    return {
      cancel() {
        cancelled = true
      },
    }
  },
}

// What the simulation takes for MongoDB must do for the real store logic what the real one does, by the same contract.
storeContract('MongoStore on a simulated database', async (limits) =>
  createStorage({
    kind: 'mongodb',
    time: PROMPT,
    dice: new Dice(1, 'database'),
    faults: { ...CALM, storeDelayMs: [0, 0], replicationMs: [0, 0] },
    limits,
    waitingBytesMax: 32 * 1024 * 1024,
    observer: SILENT,
    onFault: () => {},
  }).storeOf(PROMPT, new Dice(1, 'store')),
)
