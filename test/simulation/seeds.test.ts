import t from 'tap'
import { digestOf, reportOf } from './report.ts'
import { simulate } from './simulation.ts'

/** Seeds of every test run. Many more: npm run sim -- --seeds 10000. */
const SEEDS = 120

t.setTimeout(600_000)

t.test('the same seed gives the same run, to the last fact', async (t) => {
  for (const seed of [5, 6, 7]) t.equal(digestOf(await simulate(seed)), digestOf(await simulate(seed)))
  t.not(digestOf(await simulate(5)), digestOf(await simulate(6)))
})

t.test(`${SEEDS} seeds keep every rule`, async (t) => {
  let facts = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulate(seed)
    facts += outcome.world.ledger.facts.length
    if (outcome.violation !== undefined) t.fail(reportOf(outcome))
  }
  t.ok(facts > SEEDS * 500, `${facts} facts: the worlds are alive`)
})
