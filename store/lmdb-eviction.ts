import { idToBytes, type Uaid } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import type { LmdbMessages, MessageEntry } from './lmdb-messages.ts'

/** One put in so many looks after the cap: counting at each would cost more than the put itself. */
const PUTS_PER_LOOK = 32

/** Tells whether the put of this message looks after the cap. Its last byte is random, and so is the choice. */
export function looksAfterCap(message: Message): boolean {
  return idToBytes(message.id).readUInt8(15) % PUTS_PER_LOOK === 0
}

/**
 * Deletes a user agent's messages beyond `storedMax`, each time the oldest of the channel that then holds most:
 * one channel that is flooded costs the others nothing. Runs in a transaction.
 */
export function evict(messages: LmdbMessages, uaid: Uaid, storedMax: number): void {
  const excess = messages.count(uaid) - storedMax
  if (excess <= 0) return
  const channels = new Map<string, MessageEntry[]>()
  for (const entry of messages.list(uaid)) {
    const channel = entry.channel.toString('latin1')
    const held = channels.get(channel)
    if (held === undefined) channels.set(channel, [entry])
    else held.push(entry)
  }
  for (let dropped = 0; dropped < excess; dropped += 1) {
    const oldest = fullest(channels.values()).shift()
    if (oldest !== undefined) messages.drop(oldest)
  }
}

function fullest(channels: Iterable<MessageEntry[]>): MessageEntry[] {
  let most: MessageEntry[] = []
  for (const held of channels) if (held.length > most.length) most = held
  return most
}
