import type { IncomingMessage } from 'node:http'

/**
 * What came of reading a body. tooLarge: over the limit; `unread` when there was so much more that the connection must be
 * closed instead of read on. cutShort: the connection ended before the body did.
 */
export type Body =
  | { readonly outcome: 'read'; readonly bytes: Buffer }
  | { readonly outcome: 'tooLarge'; readonly unread: boolean }
  | { readonly outcome: 'cutShort' }

/** Bytes over the limit that are read and thrown away, so that the sender gets to read its answer. */
const DISCARDED_MAX_BYTES = 256 * 1024

/** Reads a request's body of at most `limitBytes`, whether it announces its length or comes in chunks. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Body> {
  const { 'content-length': length, 'transfer-encoding': transferEncoding } = request.headers
  if (transferEncoding === undefined && (length === undefined || length === '0')) {
    return Promise.resolve({ outcome: 'read', bytes: Buffer.alloc(0) })
  }
  if (Number(length) > limitBytes + DISCARDED_MAX_BYTES) {
    return Promise.resolve({ outcome: 'tooLarge', unread: true })
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= limitBytes) chunks.push(chunk)
      else if (bytes > limitBytes + DISCARDED_MAX_BYTES) resolve({ outcome: 'tooLarge', unread: true })
    })
    request.on('end', () => {
      if (bytes > limitBytes) resolve({ outcome: 'tooLarge', unread: false })
      else resolve({ outcome: 'read', bytes: joined(chunks) })
    })
    request.on('close', () => resolve({ outcome: 'cutShort' }))
  })
}

/** Most bodies come in one chunk, which Node has copied for us already. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
