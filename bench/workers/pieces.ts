import { gunzipSync, gzipSync } from 'node:zlib'

const HEADER_BYTES = 8

/** Cuts a text into compressed pieces of at most so many bytes, each of which says which of how many it is. */
export function cut(text: string, bytesMax: number): readonly Uint8Array[] {
  const bytes = gzipSync(text)
  const room = bytesMax - HEADER_BYTES
  const count = Math.ceil(bytes.length / room)
  return Array.from({ length: count }, (_, index) => {
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32BE(index, 0)
    header.writeUInt32BE(count, 4)
    return Buffer.concat([header, bytes.subarray(index * room, (index + 1) * room)])
  })
}

/** Puts the pieces of one text together, in whatever order and however often they come. */
export class Pieces {
  readonly #pieces = new Map<number, Uint8Array>()

  /** Returns the text with the last missing piece, once; else undefined. */
  add(piece: Uint8Array): string | undefined {
    const header = Buffer.from(piece.buffer, piece.byteOffset, HEADER_BYTES)
    const [index, count] = [header.readUInt32BE(0), header.readUInt32BE(4)]
    if (this.#pieces.has(index)) return undefined
    this.#pieces.set(index, piece.slice(HEADER_BYTES))
    if (this.#pieces.size < count) return undefined
    const ordered = Array.from({ length: count }, (_, number) => this.#pieces.get(number) ?? new Uint8Array())
    return gunzipSync(Buffer.concat(ordered)).toString()
  }
}
