import type { HttpAnswer } from './http-request.ts'

/** An answer that has come to its end. */
export interface WholeAnswer extends HttpAnswer {
  /** For how long its connection may be used again; 0: not at all. */
  readonly reusableMs: number
}

/** A server that does not keep to HTTP/1.1. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

interface Head {
  readonly status: number
  readonly isChunked: boolean
  /** Of the body; undefined where it lasts until the end of the connection, or is chunked. */
  readonly length: number | undefined
  readonly reusableMs: number
}

const LINE_END = '\r\n'
const HEAD_END = '\r\n\r\n'
/** Longest head, line of a chunk, and trailer. */
const HEAD_MAX_CHARACTERS = 16 * 1024
/** Kept of a body; errors of push services are smaller. */
const BODY_KEPT_CHARACTERS = 4096
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |\r|$)/
const DIGITS = /^\d{1,15}$/
const CHUNK_SIZE = /^([\da-f]{1,12})[ \t]*(?:;|$)/i
/** Many servers end a connection that is idle for 5 s; one that says when is given a second for what is on its way. */
const REUSABLE_MS = 4000
const MARGIN_MS = 1000
const MS_PER_S = 1000

/** Takes the answers on a connection apart (RFC 9112 section 6), however TCP cut them. */
export class AnswerReader {
  /** What has come and is not understood yet. */
  #rest = ''
  #stage: 'head' | 'body' | 'until end' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer' | 'whole' = 'head'
  #head: Head | undefined
  #body = ''
  /** Of the body or chunk. */
  #left = 0

  /** Gives the answer once all of it is there. @throws AnswerError */
  read(chunk: Buffer): WholeAnswer | undefined {
    this.#rest += chunk.toString('latin1')
    while (this.#stage !== 'whole') if (!this.#step()) return undefined
    return this.#whole()
  }

  /** The connection has ended in an orderly way: so does an answer that has no length. */
  end(): WholeAnswer | undefined {
    return this.#stage === 'until end' ? this.#whole() : undefined
  }

  /** What is left over belongs to no answer, and nobody knows where the next one would begin. */
  #whole(): WholeAnswer | undefined {
    if (this.#head === undefined) return undefined
    const { status, reusableMs } = this.#head
    const whole = { status, body: this.#body, reusableMs: this.#rest === '' ? reusableMs : 0 }
    this.#stage = 'head'
    this.#head = undefined
    this.#body = ''
    return whole
  }

  /** Goes on by one stage; false: that takes more bytes. */
  #step(): boolean {
    switch (this.#stage) {
      case 'head':
        return this.#readHead()
      case 'body':
        return this.#readBody('whole')
      case 'until end':
        this.#left = this.#rest.length
        this.#readBody('until end')
        return false
      case 'chunk size':
        return this.#readChunkSize()
      case 'chunk':
        return this.#readBody('chunk end')
      case 'chunk end':
        return this.#readChunkEnd()
      case 'trailer':
        return this.#readTrailer()
      case 'whole':
        return true
    }
  }

  #readHead(): boolean {
    const text = this.#take(HEAD_END)
    if (text === undefined) return false
    const head = headIn(text)
    // An interim answer, before the one that counts. Nobody asked for another protocol.
    if (head.status === 101) throw new AnswerError('another protocol')
    if (head.status < 200) return true
    this.#head = head
    this.#left = head.length ?? 0
    this.#stage = head.isChunked ? 'chunk size' : head.length === undefined ? 'until end' : 'body'
    return true
  }

  #readBody(next: 'whole' | 'chunk end' | 'until end'): boolean {
    const piece = this.#rest.slice(0, this.#left)
    if (this.#body.length < BODY_KEPT_CHARACTERS) this.#body += piece
    this.#rest = this.#rest.slice(piece.length)
    this.#left -= piece.length
    if (this.#left > 0) return false
    this.#stage = next
    return true
  }

  #readChunkSize(): boolean {
    const line = this.#take(LINE_END)
    if (line === undefined) return false
    const size = CHUNK_SIZE.exec(line)?.[1]
    if (size === undefined) throw new AnswerError('a chunk without a size')
    this.#left = Number.parseInt(size, 16)
    this.#stage = this.#left === 0 ? 'trailer' : 'chunk'
    return true
  }

  #readChunkEnd(): boolean {
    const line = this.#take(LINE_END)
    if (line === undefined) return false
    if (line !== '') throw new AnswerError('a chunk that is longer than it says')
    this.#stage = 'chunk size'
    return true
  }

  #readTrailer(): boolean {
    const line = this.#take(LINE_END)
    if (line === undefined) return false
    if (line === '') this.#stage = 'whole'
    return true
  }

  /** The text before an end that has come. */
  #take(end: string): string | undefined {
    const at = this.#rest.indexOf(end)
    if ((at < 0 ? this.#rest.length : at) > HEAD_MAX_CHARACTERS) throw new AnswerError('an endless head')
    if (at < 0) return undefined
    const text = this.#rest.slice(0, at)
    this.#rest = this.#rest.slice(at + end.length)
    return text
  }
}

function headIn(text: string): Head {
  const [, minor, digits] = STATUS_LINE.exec(text) ?? []
  if (digits === undefined) throw new AnswerError('no status')
  const status = Number(digits)
  const fields = fieldsIn(text)
  const codings = fields['transfer-encoding']
  const isChunked = codings !== undefined && /(?:^|,)[ \t]*chunked$/i.test(codings)
  const isEmpty = status < 200 || status === 204 || status === 304
  return {
    status,
    isChunked: isChunked && !isEmpty,
    length: isEmpty ? 0 : codings === undefined ? lengthIn(fields['content-length']) : undefined,
    reusableMs: reusableMs(fields, minor === '1'),
  }
}

type Fields = { [name in 'content-length' | 'transfer-encoding' | 'connection' | 'keep-alive']?: string }

/** Those that decide where an answer ends, and whether its connection does. */
function fieldsIn(head: string): Fields {
  const fields: Fields = {}
  let at = head.indexOf(LINE_END)
  while (at >= 0) {
    const next = head.indexOf(LINE_END, at + LINE_END.length)
    const line = head.slice(at + LINE_END.length, next < 0 ? head.length : next)
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    switch (name) {
      case 'content-length':
      case 'transfer-encoding':
      case 'connection':
      case 'keep-alive': {
        const before = fields[name]
        const value = line.slice(colon + 1).trim()
        fields[name] = before === undefined || before === value ? value : `${before}, ${value}`
      }
    }
    at = next
  }
  return fields
}

function lengthIn(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!DIGITS.test(value)) throw new AnswerError(`a length of ${value}`)
  return Number(value)
}

function reusableMs({ connection = '', 'keep-alive': keepAlive }: Fields, isPersistent: boolean): number {
  const words = connection.toLowerCase()
  if (words.includes('close') || !(isPersistent || words.includes('keep-alive'))) return 0
  const seconds = keepAlive === undefined ? undefined : /timeout=(\d{1,9})/i.exec(keepAlive)?.[1]
  return seconds === undefined ? REUSABLE_MS : Math.max(0, Number(seconds) * MS_PER_S - MARGIN_MS)
}
