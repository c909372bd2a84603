import { createHash } from 'node:crypto'

/** Whoever takes a share of all addresses; the name alone decides which. */
export interface Named {
  readonly name: string
}

/** A member with what its name contributes to every score. */
interface Seeded<Member> {
  readonly member: Member
  readonly high: number
  readonly low: number
}

/**
 * Rendezvous hashing: each address belongs to the member with the highest score of name and address. So a member that is added takes
 * its share evenly from the others, one that is removed leaves its own to them, and nothing else moves.
 *
 * Every process of every version has to come to the same result: what is computed here can never change.
 */
export class Rendezvous<Member extends Named> {
  readonly members: readonly Member[]
  readonly #first: Seeded<Member>
  readonly #others: readonly Seeded<Member>[]

  /** @throws RangeError without members */
  constructor(members: readonly Member[]) {
    const [first, ...others] = members.map(seeded)
    if (first === undefined) throw new RangeError('an address must belong to somebody')
    this.members = members
    this.#first = first
    this.#others = others
  }

  /** The member that an address belongs to. */
  of(address: string): Member {
    if (this.#others.length === 0) return this.#first.member
    let [high, low] = [FNV_OFFSET, ~FNV_OFFSET]
    for (let at = 0; at < address.length; at += 1) {
      const unit = address.charCodeAt(at)
      high = Math.imul(high ^ unit, FNV_PRIME)
      low = Math.imul(low ^ unit, ODD)
    }
    let best = this.#first
    let bestScore = scoreOf(best, high, low)
    for (const other of this.#others) {
      const score = scoreOf(other, high, low)
      if (score < bestScore || (score === bestScore && other.member.name < best.member.name)) continue
      best = other
      bestScore = score
    }
    return best.member
  }
}

/** Start and factor of FNV-1a (32 bits), and another odd factor, for two words that have nothing to do with each other. */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const ODD = 0x9e3779b1

function seeded<Member extends Named>(member: Member): Seeded<Member> {
  const digest = createHash('sha256').update(member.name, 'utf8').digest()
  return { member, high: digest.readInt32BE(0), low: digest.readInt32BE(4) }
}

/** 53 bits, which a number holds exactly, each of which depends on all of name and address. */
function scoreOf({ high, low }: Seeded<Named>, addressHigh: number, addressLow: number): number {
  const first = mixed(addressHigh ^ high)
  const second = mixed(addressLow ^ low ^ first)
  const third = mixed(first ^ second)
  return (second >>> 0) * 2 ** 21 + (third >>> 11)
}

/** Lets every bit of a word depend on every other one, and no two words become the same: xor-shifts between odd factors. */
function mixed(word: number): number {
  let bits = word
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
