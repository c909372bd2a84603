import { idToBytes } from '../push/ids.ts'
import type { Message } from '../push/message.ts'

/** One put in so many looks after the cap: counting at each would cost more than the put itself. */
const PUTS_PER_LOOK = 32

/** Tells whether the put of this message looks after the cap. Its last byte is random, and so is the choice. */
export function looksAfterCap(message: Pick<Message, 'id'>): boolean {
  return idToBytes(message.id).readUInt8(15) % PUTS_PER_LOOK === 0
}

/**
 * Chooses which of a user agent's messages, given in the order of their ids, go because there are more than
 * `storedMax`: each time the oldest of the channel that then holds most, so that one channel that is flooded costs the
 * others nothing.
 */
export function beyondCap<T extends { readonly channel: Uint8Array }>(
  all: readonly T[],
  storedMax: number,
): T[] {
  const channels = new Map<string, T[]>()
  for (const entry of all) {
    const channel = Buffer.from(entry.channel).toString('latin1')
    const held = channels.get(channel)
    if (held === undefined) channels.set(channel, [entry])
    else held.push(entry)
  }
  const chosen: T[] = []
  while (all.length - chosen.length > storedMax) {
    const oldest = fullest(channels.values()).shift()
    if (oldest !== undefined) chosen.push(oldest)
  }
  return chosen
}

function fullest<T>(channels: Iterable<T[]>): T[] {
  let most: T[] = []
  for (const held of channels) if (held.length > most.length) most = held
  return most
}
