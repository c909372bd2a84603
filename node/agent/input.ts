import type { KeyDigest, MessageId, SessionId } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { Page, StoredAgent } from '../../store/store.ts'
import type { ClientMessage } from '../client-message.ts'
import type { Ask, Removal } from './state.ts'

/** Everything that can happen to a user agent's actor. */
export type AgentInput =
  /** The websocket is open. First of all inputs. */
  | { readonly kind: 'opened' }
  /** The user agent said something. */
  | { readonly kind: 'frame'; readonly message: ClientMessage }
  /** The socket took none of a notification; it is not known to the user agent. */
  | { readonly kind: 'dropped'; readonly id: MessageId }
  /** The socket keeps what it was given last until the peer reads on; `drained` follows. */
  | { readonly kind: 'congested' }
  | { readonly kind: 'drained' }
  /** The socket took none of a broadcast. */
  | { readonly kind: 'broadcastMissed' }
  /** The websocket is closed, by whichever side. Last of the socket's inputs. */
  | { readonly kind: 'closed' }
  /** An endpoint asks to deliver a message. */
  | { readonly kind: 'deliver'; readonly message: Message; readonly keyDigest: KeyDigest; readonly ask: Ask }
  /** An endpoint asks to take a message back. */
  | { readonly kind: 'cancel'; readonly id: MessageId; readonly ask: Ask }
  /** There may be something in the store. */
  | { readonly kind: 'check'; readonly from: SessionId | undefined }
  /** A channel of this user agent has ended. */
  | { readonly kind: 'channels'; readonly from: SessionId | undefined }
  /** Another session of this user agent says how long it is connected. `flapping`: this has happened too often lately. */
  | {
      readonly kind: 'displace'
      readonly sessionId: SessionId
      readonly ageMs: number
      readonly flapping: boolean
    }
  /** Other sessions of this user agent may not have heard of this one: it tells them once more. */
  | { readonly kind: 'announce' }
  /** The node is about to stop. */
  | { readonly kind: 'drain' }
  /** The wake asked for is due. */
  | { readonly kind: 'wake' }
  /** The user agent's address is listened to and its agent read, or `failed`. */
  | { readonly kind: 'connected'; readonly agent: StoredAgent | undefined | 'failed' }
  /** Too many hellos are ahead of this one for it to be looked up in time. */
  | { readonly kind: 'crowded' }
  /** The command under way has been carried out, or not. */
  | { readonly kind: 'commandDone'; readonly done: boolean }
  /** The user agent has been read again. */
  | { readonly kind: 'reloaded'; readonly agent: StoredAgent | undefined | 'failed' }
  /** The put of a message in flight has settled; when not `done` its outcome is unknown. */
  | { readonly kind: 'putSettled'; readonly id: MessageId; readonly done: boolean }
  /** The outcome of a message that ended has been written; when not `done` nobody knows. */
  | { readonly kind: 'settled'; readonly id: MessageId; readonly done: boolean }
  /** A page of stored messages, or `failed`. */
  | { readonly kind: 'page'; readonly page: Page | 'failed' }
  /** Messages that have ended were deleted from the store; the last one is named. */
  | { readonly kind: 'removed'; readonly id: MessageId }
  /** Messages that have ended could not be deleted from the store. */
  | { readonly kind: 'removeFailed'; readonly removal: Removal }
