import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { addCell, binomialDeviation, type Counts, extremes, loseNode } from './distribution.ts'

const SIGMAS = 6
/** Always the same numbers: of others one in some hundred runs would have a place with so few that 6 sigmas are not rare. */
const DRAWN = { numRuns: 40, seed: 1 }
const AGENTS = 5000

/** Asserts that counts are those of independent choices with equal chances. */
function assertEven(counts: Counts, agents: number, shares: number): void {
  const deviation = binomialDeviation(agents, 1 / shares, SIGMAS)
  for (const each of counts) assert(Math.abs(each - agents / shares) <= deviation, `${each} of ${agents}`)
}

const seeds = fc.integer()
const total = (counts: Counts) => counts.reduce((sum, each) => sum + each, 0)

t.test(
  'cells fill evenly; one that is added takes 1/(C+1), evenly from all, and nothing else moves',
  async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, cells) => {
          const { before, after, given, strayed } = addCell(seededRandom(seed), AGENTS, cells)
          assert.equal(total(before), AGENTS)
          assert.equal(strayed, 0)
          assert.equal(total(given), after.at(-1))
          assertEven(before, AGENTS, cells)
          assertEven(after, AGENTS, cells + 1)
          assertEven(given, AGENTS, cells * (cells + 1))
        }),
        DRAWN,
      ),
    )
  },
)

t.test('when a node dies the others take its user agents evenly, and none is lost', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 40 }), (seed, nodes) => {
        const { before, after } = loseNode(seededRandom(seed), AGENTS, nodes)
        assert.equal(total(after), AGENTS)
        assertEven(before, AGENTS, nodes)
        assertEven(after, AGENTS, nodes - 1)
      }),
      DRAWN,
    ),
  )
})

t.test(
  'extremes are multiples of the mean, and the binomial deviation is that of the textbook',
  async (t) => {
    t.same(extremes([1, 2, 3]), { fullest: 1.5, emptiest: 0.5 })
    t.equal(binomialDeviation(100, 0.5, 2), 10)
  },
)
