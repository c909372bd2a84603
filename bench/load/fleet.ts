import type { Random } from '../../cluster/clock.ts'

/** Members in no order, from which one is drawn at random, or taken, in a step. A member is in one pool at a time. */
export class Pool<T extends { slot: number }> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  add(member: T): void {
    member.slot = this.#members.length
    this.#members.push(member)
  }

  /** Does nothing for one that is not in it. */
  delete(member: T): void {
    if (this.#members[member.slot] !== member) return
    const last = this.#members.pop()
    if (last === undefined || last === member) return
    this.#members[member.slot] = last
    last.slot = member.slot
  }

  /** Any one of them; undefined when there is none. */
  draw(random: Random): T | undefined {
    return this.#members[Math.floor(random.fraction() * this.#members.length)]
  }

  /** All of them at this time. */
  all(): T[] {
    return [...this.#members]
  }
}
