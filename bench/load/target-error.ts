/** Why no load can be put on a server, in one line: what was tried, what came of it, and what to do. */
export class TargetError extends Error {
  override readonly name = 'TargetError'
}
