import type { Clock } from '../cluster/clock.ts'
import { type Meter, secondsSince, startOfMeasurement } from '../cluster/meter.ts'
import type { BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { frameText } from './server-frame.ts'

/** The websockets of a node, in groups of bounded size. */
export interface PublishTarget {
  /** How many groups there are. Groups are numbered from 0 on, and never become fewer. */
  readonly groups: number
  /** Sends a frame to those of a group that are subscribed to a broadcast; says how many they are. */
  publish(group: number, id: BroadcastId, text: string): number
}

/** What publishing works with. */
export interface PublisherDeps {
  readonly target: PublishTarget
  readonly clock: Clock
  /** The version of a broadcast by now; undefined where there is none any more. */
  readonly versionOf: (id: BroadcastId) => BroadcastVersion | undefined
  /** Takes the time from a change, the last one before it is done, until all have been sent it. */
  readonly meter: Meter
}

/** Most members of a group. */
export const GROUP_MAX = 32
/**
 * User agents sent to in one turn of the event loop, in whole groups: two that are full. At some 20 us each, nearly all of them for the
 * system call that writes to a socket and wakes its reader, a turn holds the others up for less than 2 ms. Even where they cost three
 * times as much, on a machine that is busy with other things, it is a few milliseconds.
 */
const TURN_MAX = 3 * GROUP_MAX

/**
 * A broadcast on its way: the group that is next, and how many are left, round the circle of the groups there were at its last change. Groups
 * that are added later are no part of it: whoever is in one has subscribed since.
 */
interface Round {
  groups: number
  next: number
  left: number
  startedAt: number
}

/**
 * Publishes changes of broadcasts, some groups of user agents in a turn of the event loop. What a group is sent is the version of that very
 * moment: who subscribes meanwhile gets the same or a newer one, and nobody an older one after it. A version that changes again before
 * all have it starts its round where it is, so that changes on end reach everybody all the same.
 */
export class BroadcastPublisher {
  readonly #deps: PublisherDeps
  /** Oldest first. */
  readonly #rounds = new Map<BroadcastId, Round>()
  /** There will be another turn. */
  #waiting = false
  #published = 0

  constructor(deps: PublisherDeps) {
    this.#deps = deps
  }

  /** Changes that were published since the start, those included that another one overtook. */
  get published(): number {
    return this.#published
  }

  /** A broadcast has another version: sends it to all who are subscribed. */
  changed(id: BroadcastId): void {
    const { groups } = this.#deps.target
    if (groups === 0) return
    this.#published += 1
    const { next } = this.#rounds.get(id) ?? { next: 0 }
    this.#rounds.set(id, { groups, next, left: groups, startedAt: startOfMeasurement() })
    this.#turnLater()
  }

  /** Publishes no more. */
  close(): void {
    this.#rounds.clear()
  }

  /** What has come meanwhile from others is handled first. */
  #turnLater(): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#deps.clock.afterTurn(() => {
      this.#waiting = false
      this.#turn()
      if (this.#rounds.size > 0) this.#turnLater()
    })
  }

  #turn(): void {
    let sent = 0
    for (const [id, round] of this.#rounds) {
      sent += this.#publish(id, round, TURN_MAX - sent)
      if (round.left > 0) return
      this.#rounds.delete(id)
    }
  }

  /** Goes on with one, as long as the next group has room in the turn. */
  #publish(id: BroadcastId, round: Round, max: number): number {
    const { target, versionOf, meter } = this.#deps
    const version = versionOf(id)
    if (version === undefined) {
      round.left = 0
      return 0
    }
    const text = frameText({ kind: 'broadcast', broadcasts: { values: [[id, version]], errors: [] } })
    let sent = 0
    while (round.left > 0 && sent + GROUP_MAX <= max) {
      // One that has no subscriber costs something, too.
      sent += 1 + target.publish(round.next, id, text)
      round.next = (round.next + 1) % round.groups
      round.left -= 1
    }
    if (round.left === 0) meter.observe(secondsSince(round.startedAt))
    return sent
  }
}
