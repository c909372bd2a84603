import t from 'tap'
import { HUNT_SEEDS, hunt } from './hunt.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'

t.jobs = 2
t.setTimeout(600_000)

// From a seed that is known to find it: from the first on, npm run sim:bugs.
for (const bug of PLANTED_BUGS) {
  t.test(`finds it when ${bug.name}`, async (t) => {
    const { found, ok } = await hunt(bug, t.testdir(), bug.seed)
    t.ok(found, `found within ${HUNT_SEEDS} seeds from ${bug.seed ?? 1} on, or by a story`)
    t.ok(ok, `${found?.where} finds it by a rule that it breaks: ${found?.rule}`)
  })
}
