import { lineOf } from './facts.ts'
import { simulate } from './simulation.ts'

const first = Number(process.argv[2]),
  n = Number(process.argv[3] ?? 1)
const counts = new Map<string, number[]>()
for (let seed = first; seed < first + n; seed++) {
  const { violation, world } = await simulate(seed)
  if (violation) {
    if (n === 1) {
      for (const f of world.ledger.facts) console.log(lineOf(f))
      console.log(violation)
    }
    counts.set(violation.rule, [...(counts.get(violation.rule) ?? []), seed])
  } else if (n === 1) console.log(world.ledger.facts.length, 'facts, fine')
}
for (const [rule, seeds] of counts) console.log(rule, seeds.length, seeds.slice(0, 12).join(' '))
