import { startClusterSystem } from './cluster-system.ts'
import type { Exit } from './pushgrid-process.ts'
import { startSingleSystem } from './single-system.ts'

/** How to start the system under test. */
export interface SystemOptions {
  /** Settings (`PUSHGRID_...`) beyond where to listen and where to keep data. */
  env?: Readonly<Record<string, string>>
}

/** The system under test: real processes on loopback. Tests know it by this alone, whatever it is made of. */
export interface System {
  /** Where user agents connect. */
  readonly wsUrl: string
  /** Origin of the HTTP side; endpoint URLs carry their own. */
  readonly httpUrl: string
  /** The same of each of its processes, for tests of what each says of itself. */
  readonly wsUrls: readonly string[]
  readonly httpUrls: readonly string[]
  /** How it ended, if it has. */
  readonly exit: Exit | undefined
  /** What it has written to stdout and stderr since its last start, for the message of a failed test. */
  readonly output: string
  /** Sends a signal to all of its processes and waits for their end. */
  kill(signal: NodeJS.Signals): Promise<Exit>
  /** Starts again on the same data and ports, which the endpoints of subscriptions hold. */
  restart(): Promise<void>
  /** Ends it by SIGTERM if it runs, and removes its data. */
  stop(): Promise<Exit>
}

/**
 * Starts the system under test on free ports and without data; resolves once it listens. It is one process, or with
 * `PUSHGRID_TEST_SYSTEM=cluster` two nodes and two endpoints on NATS and MongoDB.
 */
export function startSystem(options: SystemOptions = {}): Promise<System> {
  const kind = process.env['PUSHGRID_TEST_SYSTEM'] ?? 'single'
  switch (kind) {
    case 'single':
      return startSingleSystem(options)
    case 'cluster':
      return startClusterSystem(options)
    default:
      throw new Error(`PUSHGRID_TEST_SYSTEM is "${kind}": must be single or cluster`)
  }
}
