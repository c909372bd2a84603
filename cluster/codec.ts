/**
 * The binary form of what a bus carries between processes. Old and new processes meet during a rolling upgrade, so a
 * decoder throws on what it does not understand; the bus reports that and goes on.
 */
export interface Codec<Message, Reply> {
  encode(message: Message): Uint8Array
  /** `bytes` may be part of a larger buffer that is reused for nothing else. */
  decode(bytes: Uint8Array): Message
  /** Never empty: an empty reply is the server's word for "nobody listens". */
  encodeReply(reply: Reply): Uint8Array
  decodeReply(bytes: Uint8Array): Reply
}
