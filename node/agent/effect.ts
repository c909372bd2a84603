import type { AgentOutcome } from '../../push/agent-requests.ts'
import type { CloseReason } from '../../push/errors.ts'
import type { ChannelId, KeyDigest, MessageId, Uaid } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { AwaitedReceipt, ReceiptOutcome } from '../../push/receipt.ts'
import type { Urgency } from '../../push/urgency.ts'
import type { Wanted } from '../../store/store.ts'
import type { NamedBroadcasts } from '../client-message.ts'
import type { ServerFrame } from '../server-frame.ts'
import type { Ask, Removal } from './state.ts'

/** Everything a user agent's actor can want done. In brackets: the input that tells what came of it. */
export type AgentEffect =
  /** Send a frame. */
  | { readonly kind: 'send'; readonly frame: ServerFrame }
  /** Answer hello, and subscribe to the broadcasts it names. */
  | { readonly kind: 'welcome'; readonly uaid: Uaid; readonly broadcasts: NamedBroadcasts }
  /** Subscribe to broadcasts, and tell the user agent where they differ from what it has. */
  | { readonly kind: 'subscribe'; readonly broadcasts: NamedBroadcasts }
  /** Tell the user agent all broadcasts that it is subscribed to. */
  | { readonly kind: 'tellBroadcasts' }
  /** No longer hear of any broadcast. */
  | { readonly kind: 'unsubscribe' }
  /** Tell the user agent its endpoint for a channel. */
  | { readonly kind: 'sendEndpoint'; readonly channelId: ChannelId; readonly keyHash: Uint8Array | undefined }
  /** Send a notification [dropped, congested]. `isCounted`: unless the socket takes none of it, that is counted in the store. */
  | {
      readonly kind: 'notify'
      readonly message: Message
      readonly ttlSeconds: number
      readonly isCounted?: true
    }
  /** Answer an asker. */
  | { readonly kind: 'reply'; readonly ask: Ask; readonly outcome: AgentOutcome }
  /** Listen to the address of the user agent; once that is known everywhere, read the agent if asked to [connected]. */
  | { readonly kind: 'connect'; readonly uaid: Uaid; readonly read: boolean }
  /** No longer listen. */
  | { readonly kind: 'unlisten' }
  /** Tell other sessions of this user agent how long this one is connected. */
  | { readonly kind: 'tellDisplace'; readonly ageMs: number }
  /** Tell other sessions of this user agent that something was put for it. */
  | { readonly kind: 'tellCheck' }
  /** Write a channel [commandDone]. */
  | { readonly kind: 'register'; readonly channelId: ChannelId; readonly keyDigest: KeyDigest }
  /** End a channel [commandDone]. */
  | { readonly kind: 'unregister'; readonly channelId: ChannelId }
  /** Keep the least urgency wanted [commandDone]. */
  | { readonly kind: 'setMinUrgency'; readonly min: Urgency }
  /** Read the channels again [reloaded]. */
  | { readonly kind: 'reload' }
  /** Store a message that this session has sent [putSettled]. */
  | { readonly kind: 'put'; readonly message: Message }
  /** Write the outcome of a message that this session has seen the end of [settled]. */
  | { readonly kind: 'settle'; readonly awaited: AwaitedReceipt; readonly outcome: ReceiptOutcome }
  /** Read stored messages [page]. */
  | { readonly kind: 'list'; readonly wanted: Wanted }
  /** Delete what has ended [removeFailed]. */
  | { readonly kind: 'remove'; readonly removal: Removal }
  /** Count sends without acknowledgement. */
  | { readonly kind: 'countSends'; readonly ids: readonly MessageId[] }
  /** Count something for the operator. */
  | { readonly kind: 'count'; readonly what: AgentEvent }
  /** Wake the actor at this monotonic time, instead of any time asked for before [wake]. */
  | { readonly kind: 'wake'; readonly atMs: number }
  /** Close the websocket [closed]. */
  | { readonly kind: 'close'; readonly reason: CloseReason }
  /** The actor has nothing left to do. */
  | { readonly kind: 'end' }

/** What is counted: bounded in number whatever a user agent sends. */
export type AgentEvent =
  | `ack ${100 | 101 | 102 | 'other'}`
  | `nack ${301 | 302 | 303 | 'other'}`
  | `unregister ${200 | 201 | 202 | 'other'}`
  | 'notification'
  | 'given up'
  | 'displaced'
