import t from 'tap'
import { HUNT_SEEDS, hunt } from './hunt.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'

t.jobs = 2
for (const bug of PLANTED_BUGS) {
  t.test(`finds it when ${bug.name}`, async (t) => {
    const { found, ok } = await hunt(bug, t.testdir())
    t.ok(found, `found within ${HUNT_SEEDS} seeds, or by a story`)
    t.ok(ok, `${found?.where} finds it by a rule that it breaks: ${found?.rule}`)
  })
}
