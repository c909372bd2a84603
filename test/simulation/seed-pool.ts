import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** What one seed came to. */
export interface SeedResult {
  readonly seed: number
  readonly facts: number
  /** What to tell a person of the rule that was broken, if one was. */
  readonly report: string | undefined
}

const WORKER = fileURLToPath(new URL('seed-worker.js', import.meta.url))

/**
 * Runs seeds in threads, each of them whole and the same as anywhere, and stops at the first that breaks a rule.
 * @param jobs threads at a time
 * @param onResult told of every seed, in the order in which they end
 * @returns the result that broke a rule, if one did
 */
export function runSeeds(
  seeds: Iterable<number>,
  jobs: number,
  onResult: (result: SeedResult) => void,
): Promise<SeedResult | undefined> {
  const next = seeds[Symbol.iterator]()
  const workers: Worker[] = []
  let running = 0
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      settle()
      for (const worker of workers) worker.terminate().catch(reject)
    }
    const feed = (worker: Worker) => {
      const { value, done } = next.next()
      if (!done) return worker.postMessage(value)
      running -= 1
      if (running === 0) end(() => resolve(undefined))
    }
    for (let job = 0; job < jobs; job++) {
      const worker = new Worker(WORKER)
      workers.push(worker)
      running += 1
      worker.on('error', (error) => end(() => reject(error)))
      worker.on('message', (result: SeedResult) => {
        onResult(result)
        if (result.report === undefined) feed(worker)
        else end(() => resolve(result))
      })
      feed(worker)
    }
  })
}
