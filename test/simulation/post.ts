import type { MessageId } from '../../push/ids.ts'

/** A message as its sender wants it. */
export interface Post {
  readonly ttlSeconds: number
  readonly topic?: string
  /** Whether its sender asks for a receipt. */
  readonly receipt?: boolean
  /** Time between the making of its id and its delivery. */
  readonly idAgeMs?: number
}

/** A message under way: its id, and what its sender is answered. No answer ever comes from a process that is killed. */
export interface Posted {
  readonly id: MessageId
  readonly outcome: Promise<string>
}
