/**
 * Why the process can't start (or go on), in words for the person who started it. The message is one line that says
 * what is wrong and what to do about it; it never holds a secret. The CLI prints it and exits with 1.
 */
export class StartError extends Error {
  /** @param cause the error behind it */
  constructor(message: string, cause?: unknown) {
    super(message.replaceAll(/\s*[\r\n]+\s*/g, ' '), cause === undefined ? undefined : { cause })
    this.name = 'StartError'
  }
}

/** Turns what a part threw at start into one line; `what` says which part, for an error that does not say it itself. */
export function startErrorOf(what: string, error: unknown): StartError {
  if (error instanceof StartError) return error
  return new StartError(`${what}: ${error instanceof Error ? error.message : String(error)}`, error)
}

/** Tells the code of a system error (`EADDRINUSE`, `EACCES`, ...), if it is one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
