import type { Random } from '../../cluster/clock.ts'
import type { ActionName } from './actions.ts'

/** Draws actions by their weights. @param actions at least one, of weights above 0 */
export function mixOf(actions: readonly (readonly [ActionName, number])[], random: Random): () => ActionName {
  const total = actions.reduce((sum, [, weight]) => sum + weight, 0)
  const [only] = actions
  if (only === undefined) throw new RangeError('there is no action to draw')
  return () => {
    let left = random.fraction() * total
    for (const [name, weight] of actions) {
      left -= weight
      if (left < 0) return name
    }
    return only[0]
  }
}
