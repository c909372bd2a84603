import { existsSync } from 'node:fs'
import { nearest } from '../../cluster/nearest.ts'
import type { Plan } from '../plan/plan.ts'
import { readPlan } from '../plan/read-plan.ts'
import { resolvePlan } from '../plan/resolve.ts'
import { SCENARIOS } from '../scenarios/scenarios.ts'
import { UsageError } from './usage-error.ts'

/** The plan of a scenario by its name, or of a file. @throws UsageError when there is neither; PlanError when it can't be used */
export function planOf(what: string, flags: Readonly<Record<string, unknown>>): Promise<Plan> {
  const scenario = SCENARIOS[what]
  if (scenario !== undefined) {
    const file = { ...scenario.plan, name: what, summary: scenario.summary }
    return Promise.resolve(resolvePlan(file, flags, what))
  }
  if (/\.(ya?ml|json)$/i.test(what) || existsSync(what)) return readPlan(what, flags)
  throw new UsageError(unknownScenario(what))
}

/** Says that there is no such scenario, and which one may be meant. */
export function unknownScenario(what: string): string {
  const near = nearest(what, Object.keys(SCENARIOS))
  return `"${what}" is neither a scenario nor a file; ${near === undefined ? '`pushgrid bench list` shows all scenarios' : `did you mean ${near}?`}`
}
