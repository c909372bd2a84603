import type { Answer } from './answer.ts'
import type { Content } from './content.ts'
import type { Notification } from './server-frame.ts'
import type { Subscription } from './subscription-schema.ts'

/** What a user agent has to tell whoever runs it. */
export type AgentEvent =
  | { readonly event: 'connected'; readonly url: string; readonly uaid: string; readonly isNew: boolean }
  /** The server did not know the former UAID any more: what it had of this user agent is gone. */
  | { readonly event: 'replaced'; readonly uaid: string; readonly subscriptions: number }
  | {
      readonly event: 'subscription'
      readonly channel: string
      readonly channelID: string
      /** Registered just now; else in an earlier run. */
      readonly isNew: boolean
      readonly subscription: Subscription
      /** Where it was written, too. */
      readonly file?: string
    }
  | { readonly event: 'unregistered'; readonly channel: string }
  | { readonly event: 'urgency'; readonly min: string }
  | { readonly event: 'waiting'; readonly messages: number | undefined }
  | MessageEvent
  | { readonly event: 'broadcast'; readonly id: string; readonly version: string }
  | { readonly event: 'broadcastRefused'; readonly id: string; readonly reason: string }
  | { readonly event: 'frame'; readonly direction: Direction; readonly text: string }
  /** The server has said what means nothing here; it is passed over, as Firefox does. */
  | { readonly event: 'notUnderstood'; readonly text: string }
  | { readonly event: 'disconnected'; readonly reason: string; readonly retryMs: number }

/** Which way a frame went. */
export type Direction = 'sent' | 'received'

/** A message has come. */
export interface MessageEvent {
  readonly event: 'message'
  /** What its user calls the subscription; absent for one that is not known here. */
  readonly channel: string | undefined
  readonly notification: Notification
  readonly content: Content
  /** It has been shown before. */
  readonly isRepeated: boolean
  readonly answer: Answer
}
