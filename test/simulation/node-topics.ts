import { GROUP_MAX, type PublishTarget } from '../../node/broadcast-publisher.ts'
import { SocketGroups } from '../../node/socket-groups.ts'
import type { BroadcastId } from '../../push/broadcast.ts'

/** Members of a group: so few that a node has several. */
const MEMBERS_MAX = 1

/** A websocket's subscriptions on its node. */
export interface Subscriptions {
  subscribe(id: BroadcastId): void
  subscribed(): readonly BroadcastId[]
  /** Ends all of them. */
  unsubscribe(): void
}

/**
 * The topics of one simulated node: what is published of a broadcast goes to the subscribers in one group. Each group counts as a
 * full one, so that a broadcast needs several turns to go round.
 */
export class NodeTopics implements PublishTarget {
  readonly #groups = new SocketGroups(MEMBERS_MAX)
  readonly #members = new Set<Member>()

  get groups(): number {
    return this.#groups.count
  }

  /** Websockets that are subscribed to anything. */
  get size(): number {
    return this.#members.size
  }

  publish(group: number, id: BroadcastId, text: string): number {
    for (const member of [...this.#members])
      if (member.group === group && member.ids.has(id)) member.receive(text)
    return GROUP_MAX
  }

  /** A websocket that may subscribe, and receives what is published. */
  join(receive: (text: string) => void): Subscriptions {
    const ids = new Set<BroadcastId>()
    let member: Member | undefined
    return {
      subscribe: (id) => {
        member ??= this.#add(ids, receive)
        ids.add(id)
      },
      subscribed: () => [...ids],
      unsubscribe: () => {
        ids.clear()
        if (member !== undefined && this.#members.delete(member)) this.#groups.leave(member.group)
        member = undefined
      },
    }
  }

  #add(ids: ReadonlySet<BroadcastId>, receive: (text: string) => void): Member {
    const member = { group: this.#groups.join(), ids, receive }
    this.#members.add(member)
    return member
  }
}

interface Member {
  readonly group: number
  readonly ids: ReadonlySet<BroadcastId>
  readonly receive: (text: string) => void
}
