/** Name of a broadcast, `broadcaster/channel`. The slash in it is what no other key of a `broadcast` frame has. */
export type BroadcastId = string & { readonly __brand: 'BroadcastId' }
/** The value of a broadcast: any short text. Versions have no order of their own. */
export type BroadcastVersion = string & { readonly __brand: 'BroadcastVersion' }

/** Who set a broadcast: the operator by the admin API, or the Megaphone server that is followed. */
export type BroadcastSource = 'operator' | 'megaphone'

/** One value for all user agents. */
export interface Broadcast {
  readonly id: BroadcastId
  readonly version: BroadcastVersion
  readonly source: BroadcastSource
}

/** Longest name of a broadcaster in an id, in characters; that of Megaphone. */
export const BROADCASTER_LENGTH_MAX = 64
/** Longest name of a channel in an id, in characters; that of Megaphone. */
export const BROADCAST_CHANNEL_LENGTH_MAX = 128
/** Longest version, in bytes of UTF-8: that it has come is all it is to say. */
export const VERSION_BYTES_MAX = 200

const ID = new RegExp(
  `^[A-Za-z0-9._~-]{1,${BROADCASTER_LENGTH_MAX}}/[A-Za-z0-9._~-]{1,${BROADCAST_CHANNEL_LENGTH_MAX}}$`,
)
/** Control characters, which no header or log line should carry on, and halves of a surrogate pair, which UTF-8 does not have. */
const UNFIT = /[\p{Cc}\p{Cs}\u2028\u2029]/u

/** Reads the name of a broadcast: two parts of what needs no escaping in a URL (RFC 3986 section 2.3). */
export function parseBroadcastId(text: string): BroadcastId | undefined {
  return ID.test(text) ? (text as BroadcastId) : undefined
}

/** Reads the value of a broadcast. */
export function parseBroadcastVersion(text: string): BroadcastVersion | undefined {
  if (text === '' || UNFIT.test(text) || Buffer.byteLength(text) > VERSION_BYTES_MAX) return undefined
  return text as BroadcastVersion
}
