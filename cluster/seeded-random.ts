import type { Random } from './clock.ts'

/**
 * Makes randomness that is the same for the same seed, for simulations only: sfc32 (Doty-Humphrey, PractRand), which is
 * small, fast and good enough, and guessable, so never for secrets.
 * @param seed an integer; its lower 32 bits count
 */
export function seededRandom(seed: number): Random {
  const next = sfc32(seed)
  return {
    bytes(count) {
      const out = new Uint8Array(count)
      for (let at = 0, word = 0; at < count; at++) {
        word = at % 4 === 0 ? next() : word >>> 8
        out[at] = word & 0xff
      }
      return out
    },
    fraction: () => next() / 2 ** 32,
  }
}

/** The generator: each call gives 32 random bits. */
function sfc32(seed: number): () => number {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1
  const next = () => {
    const out = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + out
    return out >>> 0
  }
  // Seeds that differ in one bit lead to unrelated sequences only after some rounds.
  for (let round = 0; round < 15; round++) next()
  return next
}
