import type { BroadcastId } from '../push/broadcast.ts'
import type { CloseReason } from '../push/errors.ts'

/**
 * What became of a frame. sent: handed to the kernel. buffered: kept by the server because the peer reads slowly; `drained`
 * follows. dropped: not taken, the buffer is full. closed: the socket is closed already.
 */
export type SendResult = 'sent' | 'buffered' | 'dropped' | 'closed'

/** The websocket of one user agent, as far as its actor is concerned. */
export interface AgentSocket {
  /** Sends one text frame. */
  send(text: string): SendResult
  /** From now on it is sent what is published of a broadcast. */
  subscribe(id: BroadcastId): void
  /** It is sent nothing more of any broadcast. */
  unsubscribe(): void
  /** The broadcasts that it is subscribed to. */
  subscribed(): readonly BroadcastId[]
  /** Starts to close, synchronously: every later send says `closed`, and `closed` of the connection follows once. */
  close(reason: CloseReason): void
}

/** What happens to a websocket, told to its actor. */
export interface AgentConnection {
  /** A text frame came in. */
  received(text: string): void
  /** Something that was published was dropped, for the buffer is full. `drained` follows. */
  missed(): void
  /** What was buffered has been sent. */
  drained(): void
  /** The socket is closed, by whichever side; called once and last. */
  closed(): void
}
