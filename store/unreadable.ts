import type { Message } from '../push/message.ts'
import { decodeMessage } from '../push/record.ts'

/** Told of each reading of a message that can't be read. */
export type UnreadableListener = (error: unknown) => void

/**
 * Decodes a stored message; undefined, after telling so, where that can't be done, because a newer version has written it or it is damaged. It
 * stays in the store, for a process that can read it or until it expires, and holds up no other message.
 */
export function readRecord(record: Uint8Array, tell: UnreadableListener): Message | undefined {
  try {
    return decodeMessage(record)
  } catch (error) {
    tell(error)
    return undefined
  }
}
