// How evenly user agents fall over cells and nodes, by a simulation with a seed: `npm run scaling -- --agents 2000000 --seed 1`.
// docs/scaling.md says what follows from it.
import { parseArgs } from 'node:util'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { addCell, binomialDeviation, extremes, loseNode } from './distribution.ts'

const CELLS = [2, 10, 20, 100, 200]
const NODES = [2, 10, 50, 500]
const SIZES = [1e6, 1e7, 1e8]
const SIGMAS = 6

const { values } = parseArgs({
  options: { agents: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const [agents, seed] = [Number(values.agents), Number(values.seed)]
const random = seededRandom(seed)
const percent = (part: number, digits = 2) => `${(part * 100).toFixed(digits)} %`
const offMean = (multiple: number) => `${multiple < 1 ? '-' : '+'}${percent(Math.abs(multiple - 1))}`

console.log(`seed ${seed}, ${agents} random user agents\n`)
console.log('cells  fullest   emptiest  moves when one is added (1/(C+1))  strayed')
for (const cells of CELLS) {
  const { before, after, strayed } = addCell(random, agents, cells)
  const { fullest, emptiest } = extremes(before)
  const moved = (after.at(-1) ?? 0) / agents
  const expected = `${percent(moved, 3)} (${percent(1 / (cells + 1), 3)})`
  console.log(
    `${String(cells).padEnd(6)} ${offMean(fullest).padEnd(9)} ${offMean(emptiest).padEnd(9)} ${expected.padEnd(34)} ${strayed}`,
  )
}

console.log('\nnodes  fullest   one of them dies: fullest, by the mean before  (N/(N-1))')
for (const nodes of NODES) {
  const { before, after } = loseNode(random, agents, nodes)
  const peak = Math.max(...after) / (agents / nodes)
  const expected = offMean(nodes / (nodes - 1))
  console.log(
    `${String(nodes).padEnd(6)} ${offMean(extremes(before).fullest).padEnd(9)} ${offMean(peak).padEnd(46)}  ${expected}`,
  )
}

console.log(`\nby the binomial bound, what no cell exceeds (${SIGMAS} standard deviations) at full size`)
for (const size of SIZES) {
  const bounds = CELLS.map((cells) => {
    const mean = size / cells
    return `${cells} cells ${offMean(1 + binomialDeviation(size, 1 / cells, SIGMAS) / mean)}`
  })
  console.log(`${(size / 1e6).toString().padEnd(4)} million: ${bounds.join(', ')}`)
}
