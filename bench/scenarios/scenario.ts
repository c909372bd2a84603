import type { PlanFile } from '../plan/schema.ts'

/** A scenario that comes with the tool: what a plan file holds, and more words about it. */
export interface Scenario {
  /** One line, for `list`. */
  readonly summary: string
  /** What it is for, and how to read its figures, for `describe`. */
  readonly about: string
  readonly plan: Omit<PlanFile, 'name' | 'summary'>
}
