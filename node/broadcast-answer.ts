import { type BroadcastId, type BroadcastVersion, parseBroadcastId } from '../push/broadcast.ts'
import type { NamedBroadcasts } from './client-message.ts'

/** What a user agent is told of broadcasts. */
export interface BroadcastAnswer {
  /** Those that differ from what it has. */
  readonly values: readonly (readonly [BroadcastId, BroadcastVersion])[]
  /** What is wrong with others, by what it called them. */
  readonly errors: readonly (readonly [id: string, error: string])[]
}

/** The values there are, by id; undefined as long as they are not known. */
export type BroadcastValues = ReadonlyMap<BroadcastId, BroadcastVersion>

/** What there is to tell. */
export function isEmpty({ values, errors }: BroadcastAnswer): boolean {
  return values.length === 0 && errors.length === 0
}

/**
 * Compares what a user agent has with the values there are.
 * @param subscribe tries to subscribe it; false when it is subscribed to as many as it may be
 */
export function answerTo(
  named: NamedBroadcasts,
  known: BroadcastValues | undefined,
  subscribe: (id: BroadcastId) => boolean,
): BroadcastAnswer {
  const values: [BroadcastId, BroadcastVersion][] = []
  const errors: [string, string][] = []
  for (const [text, version] of named) {
    const id = parseBroadcastId(text)
    const value = id && known?.get(id)
    // Also to one that does not exist yet: it may be made while the user agent is connected, and it asks once only.
    if (id !== undefined && !subscribe(id)) errors.push([text, TOO_MANY])
    else if (value === undefined && (id === undefined || known !== undefined)) errors.push([text, NOT_FOUND])
    else if (id !== undefined && value !== undefined && value !== version) values.push([id, value])
  }
  return { values, errors }
}

const NOT_FOUND = 'Broadcast not found'
const TOO_MANY = 'Too many broadcasts'
