/**
 * Why the process can't start (or go on), in words for the person who started it. The message is one line that says
 * what is wrong and what to do about it; it never holds a secret. The CLI prints it and exits with `exitCode`.
 */
export class StartError extends Error {
  /** What the process says to whoever started it. */
  readonly exitCode: number = 1

  /** @param cause the error behind it */
  constructor(message: string, cause?: unknown) {
    super(message.replaceAll(/\s*[\r\n]+\s*/g, ' '), cause === undefined ? undefined : { cause })
    this.name = 'StartError'
  }
}

/** A command line that can't be meant: the exit code 2 tells it from work that came to nothing. */
export class WrongUse extends StartError {
  override readonly exitCode = 2
}

/** Nobody there to work with: the exit code 3 tells it from an answer that says no. */
export class Unreachable extends StartError {
  override readonly exitCode = 3
}

/**
 * Turns what a part threw at start into one line.
 * @param what the part, for a reader who does not know whose words follow
 * @param advice what to do, where the part can't know it
 */
export function startErrorOf(what: string, error: unknown, advice: string): StartError {
  const reason = error instanceof Error ? error.message : String(error)
  return new StartError(`${what} can't start: ${reason}${advice}`, error)
}

/** Tells the code of a system error (`EADDRINUSE`, `EACCES`, ...), if it is one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
