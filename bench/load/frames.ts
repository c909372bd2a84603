import type { Random } from '../../cluster/clock.ts'

/** Kinds of frames (RFC 6455 section 5.2). */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Longest message that is taken from a server; those of the protocol are below 10 kB. */
const MESSAGE_MAX_BYTES = 1024 * 1024
const CONTROL_MAX_BYTES = 125
const FINAL = 0x80
const RESERVED = 0x70
const MASKED = 0x80
const MASK_BYTES = 4
const TWO_BYTES = 126
const EIGHT_BYTES = 127

/** What a reader of frames tells of whole messages and control frames. */
export interface FrameListener {
  text(text: string): void
  /** The payload is valid during the call only. */
  ping(payload: Buffer): void
  /** `code` is 1005 where the frame names none (RFC 6455 section 7.1.5). */
  onClose(code: number): void
}

/** A server that does not keep to RFC 6455. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/**
 * A whole frame of a client: masked, as section 5.3 wants it of clients.
 * @param random where masks come from
 */
export function clientFrame(opcode: number, payload: string | Buffer, random: Random): Buffer {
  const bytes = Buffer.byteLength(payload)
  const lengthBytes = bytes < TWO_BYTES ? 0 : bytes < 65_536 ? 2 : 8
  const start = 2 + lengthBytes + MASK_BYTES
  const frame = Buffer.allocUnsafe(start + bytes)
  frame[0] = FINAL | opcode
  frame[1] = MASKED | (lengthBytes === 0 ? bytes : lengthBytes === 2 ? TWO_BYTES : EIGHT_BYTES)
  if (lengthBytes === 2) frame.writeUInt16BE(bytes, 2)
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(bytes), 2)
  const mask = random.bytes(MASK_BYTES)
  frame.set(mask, start - MASK_BYTES)
  if (typeof payload === 'string') frame.write(payload, start)
  else payload.copy(frame, start)
  for (let at = 0; at < bytes; at++) frame[start + at] = (frame[start + at] ?? 0) ^ (mask[at & 3] ?? 0)
  return frame
}

/** Takes what a server sends apart, however TCP cut it. Between two messages it holds nothing. */
export class FrameReader {
  /** What has come of a frame that is not whole yet. */
  #rest: Buffer | undefined
  /** The parts of a message that is not whole yet. */
  #parts: Buffer[] | undefined

  /** @param chunk may be used again after the call @throws FrameError */
  read(chunk: Buffer, listener: FrameListener): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (;;) {
      const end = this.#frame(bytes, at, listener)
      if (end === undefined) break
      at = end
    }
    this.#rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at))
  }

  /** Reads one frame; says where it ends, or undefined when it is not whole. */
  #frame(bytes: Buffer, at: number, listener: FrameListener): number | undefined {
    const first = bytes[at]
    const second = bytes[at + 1]
    if (first === undefined || second === undefined) return undefined
    if ((first & RESERVED) !== 0)
      throw new FrameError('a frame with bits that no extension was agreed on for')
    if ((second & MASKED) !== 0) throw new FrameError('a masked frame from a server')
    const lengthBytes = second === TWO_BYTES ? 2 : second === EIGHT_BYTES ? 8 : 0
    const start = at + 2 + lengthBytes
    if (bytes.length < start) return undefined
    const length = lengthBytes === 0 ? second : lengthOf(bytes, at + 2, lengthBytes)
    if (length > MESSAGE_MAX_BYTES) throw new FrameError(`a frame of ${length} bytes`)
    const end = start + length
    if (bytes.length < end) return undefined
    this.#take(first & 0x0f, (first & FINAL) !== 0, bytes.subarray(start, end), listener)
    return end
  }

  #take(opcode: number, isFinal: boolean, payload: Buffer, listener: FrameListener): void {
    if (opcode >= OPCODES.close) {
      if (!isFinal || payload.length > CONTROL_MAX_BYTES) throw new FrameError('a control frame in parts')
      if (opcode === OPCODES.ping) listener.ping(payload)
      else if (opcode === OPCODES.close) listener.onClose(payload.length < 2 ? 1005 : payload.readUInt16BE())
      return
    }
    if (opcode === OPCODES.binary) throw new FrameError('a binary frame')
    if ((opcode === OPCODES.continuation) !== (this.#parts !== undefined))
      throw new FrameError('parts of messages out of order')
    if (isFinal && this.#parts === undefined) listener.text(payload.toString())
    else this.#collect(payload, isFinal, listener)
  }

  #collect(payload: Buffer, isFinal: boolean, listener: FrameListener): void {
    const parts = [...(this.#parts ?? []), Buffer.from(payload)]
    this.#parts = isFinal ? undefined : parts
    const whole = Buffer.concat(parts)
    if (whole.length > MESSAGE_MAX_BYTES) throw new FrameError(`a message of ${whole.length} bytes`)
    if (isFinal) listener.text(whole.toString())
  }
}

function lengthOf(bytes: Buffer, at: number, lengthBytes: 2 | 8): number {
  return lengthBytes === 2 ? bytes.readUInt16BE(at) : Number(bytes.readBigUInt64BE(at))
}
