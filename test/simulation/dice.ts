import type { Random } from '../../cluster/clock.ts'
import { seededRandom } from '../../cluster/seeded-random.ts'

/** A range of milliseconds, both ends included. */
export type RangeMs = readonly [minMs: number, maxMs: number]

/** What a simulation asks of chance. Every part of the world has dice of its own, so that they do not disturb each other. */
export class Dice {
  readonly #random: Random

  /** @param part distinguishes the dice of one seed */
  constructor(seed: number, part: string) {
    let mixed = seed
    for (const char of part) mixed = Math.imul(mixed ^ char.charCodeAt(0), 0x5bd1e995) ^ (mixed >>> 13)
    this.#random = seededRandom(mixed)
  }

  /** The randomness itself, for the code under test. */
  get random(): Random {
    return this.#random
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.#random.fraction() < probability
  }

  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.#random.fraction() * (max - min + 1))
  }

  /** A time within a range; short ones are more likely than long ones. */
  within([minMs, maxMs]: RangeMs): number {
    return minMs + Math.floor(this.#random.fraction() ** 3 * (maxMs - minMs + 1))
  }

  /** One of these; undefined of none. */
  pick<T>(choices: readonly T[]): T | undefined {
    return choices[this.int(0, choices.length - 1)]
  }

  /** Hexadecimal digits of that many random bytes. */
  hex(bytes: number): string {
    return Buffer.from(this.#random.bytes(bytes)).toString('hex')
  }
}
