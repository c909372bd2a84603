/** A command line that says nothing that can be done: what was wrong, and what would be right, in one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
