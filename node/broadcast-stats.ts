import type { Meter } from '../cluster/meter.ts'
import type { BroadcastPublisher } from './broadcast-publisher.ts'
import type { MegaphoneFollower } from './megaphone-follower.ts'
import type { WebSocketServer } from './websocket-server.ts'

/** What takes the durations of broadcasts, in seconds. */
export interface BroadcastMeters {
  /** From a change until it has been sent to the last user agent of the node. */
  readonly published: Meter
}

/** What a node knows of broadcasts, for the operator. */
export interface BroadcastStats {
  readonly publisher: Pick<BroadcastPublisher, 'published'>
  readonly server: Pick<WebSocketServer, 'members'>
  /** Absent where no Megaphone server is followed. */
  readonly follower?: Pick<MegaphoneFollower, 'polls' | 'ageMs'> | undefined
}
