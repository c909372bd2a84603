import type { BroadcastId } from '../push/broadcast.ts'

/**
 * Divides websockets into groups of at most `groupMax`, so that something for all of them can be sent to one group at a time.
 * Places that become free are used again, and groups never become fewer.
 */
export class SocketGroups {
  readonly #groupMax: number
  /** Members of each group. */
  readonly #sizes: number[] = []
  /** Groups that have room, each once. */
  readonly #withRoom: number[] = []
  #members = 0

  constructor(groupMax: number) {
    this.#groupMax = groupMax
  }

  /** How many groups there are. */
  get count(): number {
    return this.#sizes.length
  }

  /** How many have a place. */
  get members(): number {
    return this.#members
  }

  /** Finds a place; says in which group. */
  join(): number {
    const group = this.#withRoom.at(-1) ?? this.#add()
    const size = (this.#sizes[group] ?? 0) + 1
    this.#sizes[group] = size
    this.#members += 1
    if (size >= this.#groupMax) this.#withRoom.pop()
    return group
  }

  /** Gives a place back. */
  leave(group: number): void {
    const size = this.#sizes[group] ?? 0
    if (size >= this.#groupMax) this.#withRoom.push(group)
    this.#sizes[group] = size - 1
    this.#members -= 1
  }

  #add(): number {
    const group = this.#sizes.push(0) - 1
    this.#withRoom.push(group)
    return group
  }
}

/** One topic for each group and broadcast: all members of a topic are sent to in one stretch. */
export function topicOf(group: number, id: BroadcastId): string {
  return `${group}:${id}`
}
