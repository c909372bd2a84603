/** How `pushgrid bench` ends. */
export const EXIT = { fine: 0, failed: 1, usage: 2, notDone: 3, interrupted: 130 } as const

/** What the command needs of the program that it is part of. */
export interface BenchContext {
  /** Of Pushgrid. */
  readonly version: string
  /** For what was asked for. */
  readonly stdout: NodeJS.WriteStream
  /** For how it goes, and what went wrong. */
  readonly stderr: NodeJS.WriteStream
  /** Says whether colours are wanted. */
  readonly env: NodeJS.ProcessEnv
}
