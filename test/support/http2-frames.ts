/** What an HTTP/2 connection of a client begins with (RFC 9113 section 3.4). */
export const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Types of frames (RFC 9113 section 6). */
export const FRAME_TYPES = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

const END_STREAM = 0x1
const END_HEADERS = 0x4
const ACK = 0x1
const LENGTH_MAX = 0xffffff

/** Any frame, also one that is against the rules (RFC 9113 section 4.1). @param length what its header says, by default what is true */
export function frame(
  type: number,
  { flags = 0, stream = 0, payload = Buffer.alloc(0), length = payload.length }: FrameFields = {},
): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(Math.min(length, LENGTH_MAX), 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** What a frame has beside its type. */
export interface FrameFields {
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Uint8Array
  readonly length?: number
}

/** Settings by their numbers (RFC 9113 section 6.5). */
export function settingsFrame(settings: readonly (readonly [number, number])[] = []): Buffer {
  const payload = Buffer.alloc(6 * settings.length)
  for (const [index, [setting, value]] of settings.entries()) {
    payload.writeUInt16BE(setting, 6 * index)
    payload.writeUInt32BE(value, 6 * index + 2)
  }
  return frame(FRAME_TYPES.settings, { payload })
}

/** Says that the settings of the other side are taken. */
export function settingsAck(): Buffer {
  return frame(FRAME_TYPES.settings, { flags: ACK })
}

/** Begins a stream. */
export function headersFrame(
  stream: number,
  block: Uint8Array,
  { endHeaders = true, endStream = false }: { endHeaders?: boolean; endStream?: boolean } = {},
): Buffer {
  const flags = (endHeaders ? END_HEADERS : 0) | (endStream ? END_STREAM : 0)
  return frame(FRAME_TYPES.headers, { stream, flags, payload: block })
}

/** A part of a body. */
export function dataFrame(stream: number, payload: Uint8Array): Buffer {
  return frame(FRAME_TYPES.data, { stream, payload })
}

/** A header block in which every field stands as it is: without Huffman coding, and kept in no table (RFC 7541 section 6.2.2). */
export function literalHeaders(fields: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => Buffer.concat([stringLength(Buffer.byteLength(value)), Buffer.from(value)])
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

/** An integer with a prefix of 7 bits (RFC 7541 section 5.1). */
function stringLength(length: number): Buffer {
  if (length < 127) return Buffer.from([length])
  const bytes = [127]
  let rest = length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
