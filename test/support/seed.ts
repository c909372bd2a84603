import { createSystemRandom } from '../../cluster/clock.ts'

/** The seed of a randomised test: PUSHGRID_TEST_SEED, to draw the same again, or a new one. Print it. */
export function testSeed(): number {
  const { PUSHGRID_TEST_SEED } = process.env
  if (PUSHGRID_TEST_SEED) return Number(PUSHGRID_TEST_SEED) | 0
  return Buffer.from(createSystemRandom().bytes(4)).readInt32BE()
}
