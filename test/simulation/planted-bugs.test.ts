import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { PLANTED_BUGS, plant } from './planted-bugs.ts'

const run = promisify(execFile)
/** Seeds within which each bug must be found. */
const SEEDS = 300

interface Failed {
  readonly code?: unknown
  readonly stdout?: unknown
}

t.jobs = 2
for (const bug of PLANTED_BUGS) {
  t.test(`finds it when ${bug.name}`, async (t) => {
    const main = await plant(bug, t.testdir())
    const failed: Failed = await run(process.execPath, [main, '--seeds', String(SEEDS)]).catch(
      (error) => error,
    )
    const [, rule = ''] = /breaks a rule after [\d.]+ ms:\n {2}(.*)/.exec(String(failed.stdout)) ?? []
    const [, seed] = /seed (\d+) breaks/.exec(String(failed.stdout)) ?? []
    t.equal(failed.code, 1, `found within ${SEEDS} seeds`)
    t.match(rule, bug.breaks, `seed ${seed} finds it by the rule it breaks`)
    t.comment(`seed ${seed}: ${rule}`)
  })
}
