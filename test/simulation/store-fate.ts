import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'

/** What becomes of one operation of a store: when it is done, if at all, when it is answered, and how. */
export interface Fate {
  readonly doneAfterMs: number | undefined
  readonly answeredAfterMs: number
  readonly fails: boolean
  /** It takes far longer than it should. */
  readonly hangs: boolean
}

/** Draws the fate of one operation; its name is that of `Faults.storeHoldMs`. */
export function drawFate(dice: Dice, faults: Faults, operation: string): Fate {
  const doneAfterMs = dice.within(faults.storeDelayMs) + (faults.storeHoldMs[operation] ?? 0)
  const answeredAfterMs = doneAfterMs + dice.within(faults.storeDelayMs)
  if (faults.storeDown || dice.chance(faults.storeFailureRate))
    return { doneAfterMs: undefined, answeredAfterMs, fails: true, hangs: false }
  if (dice.chance(faults.storeDoubtRate)) {
    const isLate = dice.chance(0.5)
    const lateMs = isLate ? dice.within(faults.storeLateMs) : doneAfterMs
    return { doneAfterMs: lateMs, answeredAfterMs, fails: true, hangs: false }
  }
  if (dice.chance(faults.storeHangRate)) {
    const hangsMs = answeredAfterMs + dice.within(faults.storeLateMs)
    const doneMs = dice.int(doneAfterMs, hangsMs)
    return { doneAfterMs: doneMs, answeredAfterMs: hangsMs, fails: false, hangs: true }
  }
  return { doneAfterMs, answeredAfterMs, fails: false, hangs: false }
}
