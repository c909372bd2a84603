import type { IncomingMessage } from 'node:http'
import type { Clock } from '../cluster/clock.ts'
import { type BodyBudget, HeldBytes } from './body-budget.ts'
import { http2StreamOf } from './connections.ts'

/**
 * What came of reading a body. tooLarge: over the limit; `unread` when there was so much more that the connection must be
 * closed instead of read on. cutShort: the connection ended before the body did. tooSlow: it has not come in time.
 * noRoom: the bodies of others take all the memory there is for them.
 */
export type Body =
  | { readonly outcome: 'read'; readonly bytes: Buffer }
  | { readonly outcome: 'tooLarge'; readonly unread: boolean }
  | { readonly outcome: 'cutShort' }
  | { readonly outcome: 'tooSlow' }
  | { readonly outcome: 'noRoom' }

/** Bytes over the limit that are read and thrown away, so that the sender gets to read its answer. */
const DISCARDED_MAX_BYTES = 256 * 1024

/** How bodies are read. */
export interface BodyOptions {
  readonly limitBytes: number
  /** A body must be complete this long after it began. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** The memory for all of them. */
  readonly bodies: BodyBudget
}

/** Reads a request's body and hands it to `use`; until that is done it counts as held in memory. */
export async function withBody<T>(
  request: IncomingMessage,
  options: BodyOptions,
  use: (body: Body) => Promise<T>,
): Promise<T> {
  const held = new HeldBytes(options.bodies)
  try {
    return await use(await readBody(request, options, held))
  } finally {
    held.release()
  }
}

/**
 * Reads a request's body of at most `limitBytes`, whether it announces its length or comes in chunks.
 * @param held takes the memory for it, to be released when the body is done with
 */
export function readBody(
  request: IncomingMessage,
  { limitBytes, timeoutMs, clock }: Omit<BodyOptions, 'bodies'>,
  held: HeldBytes,
): Promise<Body> {
  if (!hasBody(request)) return Promise.resolve({ outcome: 'read', bytes: Buffer.alloc(0) })
  if (Number(request.headers['content-length']) > limitBytes + DISCARDED_MAX_BYTES) {
    return Promise.resolve({ outcome: 'tooLarge', unread: true })
  }
  return new Promise((resolve) => {
    // In HTTP/1.1 Node's server does it, for the whole of a request.
    const late = http2StreamOf(request) && clock.after(timeoutMs, () => resolve({ outcome: 'tooSlow' }))
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= limitBytes) {
        if (held.take(chunk.length)) chunks.push(chunk)
        else resolve({ outcome: 'noRoom' })
      } else if (bytes > limitBytes + DISCARDED_MAX_BYTES) resolve({ outcome: 'tooLarge', unread: true })
    })
    request.on('end', () => {
      if (bytes > limitBytes) resolve({ outcome: 'tooLarge', unread: false })
      else resolve({ outcome: 'read', bytes: joined(chunks) })
    })
    request.on('close', () => {
      late?.cancel()
      resolve({ outcome: 'cutShort' })
    })
  })
}

function hasBody(request: IncomingMessage): boolean {
  const stream = http2StreamOf(request)
  if (stream !== undefined) return !stream.endAfterHeaders
  const { 'content-length': length, 'transfer-encoding': transferEncoding } = request.headers
  return transferEncoding !== undefined || (length !== undefined && length !== '0')
}

/** Most bodies come in one chunk, which Node has copied for us already. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
