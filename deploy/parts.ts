import type { Parts } from './serve.ts'
import { StartError } from './start-error.ts'

async function missing(): Promise<never> {
  throw new StartError('this build has no servers yet')
}

/** The parts of a process, as `pushgrid serve` runs them. */
export const parts: Parts = { openStore: missing, startNode: missing, startEndpoint: missing }
