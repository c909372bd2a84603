/** Why a plan, a flag or a target can't be used, in one line for the person who gave it: what was wrong, and what would be right. */
export class PlanError extends Error {
  override readonly name = 'PlanError'
}
