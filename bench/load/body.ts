import type { Random } from '../../cluster/clock.ts'

/** RFC 8188 section 2.1: salt 16, record size 4, key id length 1, and a key id of 65, a P-256 point as RFC 8291 has it. */
const KEY_ID_BYTES = 65
const HEADER_BYTES = 16 + 4 + 1 + KEY_ID_BYTES
const RECORD_BYTES = 4096
const END = '\n'
/** Base64 of the bytes before the id: four characters for each three bytes, and the id begins two bytes into the next group. */
const SKIPPED_CHARACTERS = Math.floor(HEADER_BYTES / 3) * 4
const SKIPPED_BYTES = HEADER_BYTES % 3
/** No id is longer in base64, with what stands around it. */
const ID_CHARACTERS = 96

/** Bodies of one length that look like aes128gcm, and carry the id of their message where noise would be. */
export class Bodies {
  readonly #template: Buffer

  constructor(bytes: number, random: Random) {
    this.#template = Buffer.from(random.bytes(bytes))
    this.#template.writeUInt32BE(RECORD_BYTES, 16)
    this.#template.writeUInt8(KEY_ID_BYTES, 20)
    this.#template.writeUInt8(4, 21)
  }

  /** Makes a body. @param id in ASCII, without line ends */
  make(id: string): Buffer {
    const body = Buffer.from(this.#template)
    body.write(`${id}${END}`, HEADER_BYTES, 'latin1')
    return body
  }
}

/** The id in the data of a notification; undefined when it is not one of ours. */
export function idIn(data: string): string | undefined {
  const piece = data.slice(SKIPPED_CHARACTERS, SKIPPED_CHARACTERS + ID_CHARACTERS)
  const text = Buffer.from(piece, 'base64url').toString('latin1', SKIPPED_BYTES)
  const end = text.indexOf(END)
  return end < 0 ? undefined : text.slice(0, end)
}
