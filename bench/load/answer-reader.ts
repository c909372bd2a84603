/** An answer of HTTP/1.1, as far as a sender of push messages wants to know it. */
export interface HttpAnswer {
  readonly status: number
  /** The beginning of it, where the status says that something went wrong. */
  readonly body: string
  /** Whether the connection may be used again (RFC 9112 section 9.3). */
  readonly isKept: boolean
}

/** What is no HTTP/1.1. */
export class HttpFormatError extends Error {
  override readonly name = 'HttpFormatError'
}

const HEAD_END = '\r\n\r\n'
const HEAD_MAX_BYTES = 64 * 1024
/** Kept of a body; errors of push services are smaller. */
const BODY_KEPT_BYTES = 4096
const CHUNK_LINE_MAX_BYTES = 1024
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})/

/** How the end of a body is found (RFC 9112 section 6.3). */
type Framing = { kind: 'length'; left: number } | { kind: 'chunked'; left: number | undefined } | { kind: 'close' }

interface Head {
  readonly status: number
  readonly isKept: boolean
  readonly framing: Framing
}

/**
 * Reads answers on one connection, one request at a time, however TCP cut them. Small, because 201 with an empty body is nearly all that comes.
 */
export class AnswerReader {
  #rest: Buffer | undefined
  #head: Head | undefined
  #body = ''

  /** Nothing of an answer has come yet. */
  get isIdle(): boolean {
    return this.#rest === undefined && this.#head === undefined
  }

  /** @param chunk may be used again after the call @returns the answer, once it is whole @throws HttpFormatError */
  read(chunk: Buffer): HttpAnswer | undefined {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    while (this.#head === undefined) {
      const end = bytes.indexOf(HEAD_END)
      if (end < 0) {
        if (bytes.length > HEAD_MAX_BYTES) throw new HttpFormatError('an endless head')
        if (bytes.length > 0) this.#rest = Buffer.from(bytes)
        return undefined
      }
      const head = headOf(bytes.toString('latin1', 0, end))
      bytes = bytes.subarray(end + HEAD_END.length)
      // Those below 200 come before the answer (RFC 9110 section 15.2).
      if (head.status >= 200) this.#head = head
    }
    return this.#readBody(bytes, this.#head)
  }

  /** The connection has ended: for some answers that is their end. */
  ended(): HttpAnswer | undefined {
    return this.#head?.framing.kind === 'close' ? this.#answer(this.#head) : undefined
  }

  #readBody(bytes: Buffer, head: Head): HttpAnswer | undefined {
    const { framing } = head
    switch (framing.kind) {
      case 'close':
        this.#keep(bytes)
        return undefined
      case 'length':
        if (bytes.length > framing.left) throw new HttpFormatError('more bytes than the answer announced')
        this.#keep(bytes)
        framing.left -= bytes.length
        return framing.left === 0 ? this.#answer(head) : undefined
      case 'chunked':
        return this.#readChunks(bytes, head, framing)
    }
  }

  #readChunks(bytes: Buffer, head: Head, framing: { left: number | undefined }): HttpAnswer | undefined {
    let at = 0
    for (;;) {
      if (framing.left === undefined) {
        const end = bytes.indexOf('\r\n', at)
        if (end < 0) return this.#wait(bytes.subarray(at))
        const size = sizeOf(bytes.toString('latin1', at, end))
        if (size === 0) return this.#readTrailers(bytes, at, end + 2, head)
        framing.left = size + 2
        at = end + 2
      }
      const taken = Math.min(framing.left, bytes.length - at)
      const content = Math.min(taken, Math.max(0, framing.left - 2))
      this.#keep(bytes.subarray(at, at + content))
      at += taken
      framing.left -= taken
      if (framing.left > 0) return undefined
      framing.left = undefined
    }
  }

  /** The last chunk is read again with what follows it until that is whole. */
  #readTrailers(bytes: Buffer, lastChunk: number, start: number, head: Head): HttpAnswer | undefined {
    if (bytes.indexOf('\r\n', start) === start) return this.#answer(head)
    return bytes.indexOf(HEAD_END, start) >= 0 ? this.#answer(head) : this.#wait(bytes.subarray(lastChunk), HEAD_MAX_BYTES)
  }

  #wait(rest: Buffer, limitBytes = CHUNK_LINE_MAX_BYTES): undefined {
    if (rest.length > limitBytes) throw new HttpFormatError('an endless line of a chunk')
    if (rest.length > 0) this.#rest = Buffer.from(rest)
    return undefined
  }

  #keep(bytes: Buffer): void {
    if ((this.#head?.status ?? 0) < 400 || this.#body.length >= BODY_KEPT_BYTES) return
    this.#body += bytes.toString('latin1', 0, BODY_KEPT_BYTES)
  }

  #answer({ status, isKept }: Head): HttpAnswer {
    const body = this.#body
    this.#head = undefined
    this.#body = ''
    return { status, body, isKept }
  }
}

function headOf(text: string): Head {
  const [, minor, code] = STATUS_LINE.exec(text) ?? []
  if (code === undefined) throw new HttpFormatError(`an answer that begins with ${JSON.stringify(text.slice(0, 40))}`)
  const status = Number(code)
  const framing = framingOf(status, text)
  const connection = valueOf(text, CONNECTION)?.toLowerCase() ?? ''
  const isKept =
    framing.kind !== 'close' &&
    (minor === '1' ? !connection.includes('close') : connection.includes('keep-alive'))
  return { status, isKept, framing }
}

const CONTENT_LENGTH = /\r\ncontent-length:[ \t]*([^\r\n]*)/i
const TRANSFER_ENCODING = /\r\ntransfer-encoding:[ \t]*([^\r\n]*)/i
const CONNECTION = /\r\nconnection:[ \t]*([^\r\n]*)/i

function framingOf(status: number, text: string): Framing {
  if (status === 204 || status === 304 || status < 200) return { kind: 'length', left: 0 }
  const encoding = valueOf(text, TRANSFER_ENCODING)
  if (encoding !== undefined)
    return /chunked[ \t]*$/i.test(encoding) ? { kind: 'chunked', left: undefined } : { kind: 'close' }
  const length = valueOf(text, CONTENT_LENGTH)
  if (length === undefined) return { kind: 'close' }
  if (!/^\d{1,15}[ \t]*$/.test(length)) throw new HttpFormatError(`a Content-Length of ${JSON.stringify(length)}`)
  return { kind: 'length', left: Number(length) }
}

function valueOf(text: string, header: RegExp): string | undefined {
  return header.exec(text)?.[1]
}

function sizeOf(line: string): number {
  const [, hex] = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line) ?? []
  if (hex === undefined) throw new HttpFormatError(`a chunk of size ${JSON.stringify(line.slice(0, 40))}`)
  return Number.parseInt(hex, 16)
}
