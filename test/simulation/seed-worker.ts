import { parentPort } from 'node:worker_threads'
import { reportOf } from './report.ts'
import type { SeedResult } from './seed-pool.ts'
import { simulate } from './simulation.ts'

// A thread that runs one seed after the other, each when it is told to.
parentPort?.on('message', async (seed: number) => {
  const outcome = await simulate(seed)
  const report = outcome.violation === undefined ? undefined : reportOf(outcome)
  const result: SeedResult = { seed, facts: outcome.world.ledger.facts.length, report }
  parentPort?.postMessage(result)
})
