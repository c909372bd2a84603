import type { MapStatement } from '../cluster/cell-agreement.ts'
import type { Clock } from '../cluster/clock.ts'
import type { Codec } from '../cluster/codec.ts'
import type { AgentOutcome, AgentReply, AgentRequest, BroadcastHint } from './agent-requests.ts'
import {
  ID_BYTES,
  idToBytes,
  keyDigestFromBytes,
  messageIdFromBytes,
  type SessionId,
  SHORT_ID_BYTES,
  sessionIdFromBytes,
  shortHexOf,
  shortIdToBytes,
} from './ids.ts'
import type { Message } from './message.ts'
import { decodeMessage, encodeMessage } from './record.ts'

/**
 * The binary form of what endpoints and user agents' actors say to each other; integers are big-endian.
 *
 *     deliver   version 1 | kind 1 | remainingMs 6 | key digest: length 1, bytes | message record
 *     traced    version 1 | kind 1 | trace id 16 | span id 8 | deliver, without its version and kind
 *     cancel    version 1 | kind 1 | message id 16
 *     check     version 1 | kind 1 | [session id 8]
 *     displace  version 1 | kind 1 | session id 8 | ageMs 6
 *     cells     version 1 | kind 1 | process 8 | ageMs 6 | disputed 1 | digest of the old map 8 | of the new map 8
 *     broadcasts  version 1 | kind 1 | hint 1
 *     watch     version 1 | kind 1 | process 8
 *     figures   version 1 | kind 1 | JSON in UTF-8
 *     channels  version 1 | kind 1 | [session id 8]
 *     reply     version 1 | outcome 1 | clockMs 6
 *
 * Kinds and outcomes are numbers that are never used again for something else. A reader refuses a version, kind or outcome that
 * it does not know: to the asker that is as if nobody had answered, and the message is stored. `traced` is said of the few messages that
 * are traced, and only where an operator has switched that on, which is after all processes have come to know it.
 */
const VERSION = 1
const DELIVER = 1
const CANCEL = 2
const CHECK = 3
const DISPLACE = 4
const CELLS = 5
const BROADCASTS = 6
const TRACED = 7
const WATCH = 8
const FIGURES = 9
const CHANNELS = 10
const HEAD_BYTES = 2
const MS_BYTES = 6
const STATEMENT_BYTES = SHORT_ID_BYTES + MS_BYTES + 1 + 2 * SHORT_ID_BYTES
const TRACE_ID_BYTES = 16
const TRACE_BYTES = TRACE_ID_BYTES + 8
const REPLY_BYTES = HEAD_BYTES + MS_BYTES

/** By their number, less one. */
const OUTCOMES: readonly AgentOutcome[] = [
  'delivered',
  'stored',
  'full',
  'gone',
  'unsaved',
  'cancelled',
  'unknown',
]

/** By their number, less one. */
const HINTS: readonly BroadcastHint[] = ['changed', 'polled']

/** Machines' clocks may differ by this much; see docs on time. */
const SKEW_MAX_MS = 1000

/**
 * Makes the encoding of requests and replies. The remaining time of a message travels beside its record: a receiver whose
 * clock is wrong gives the message the time it has left by its own clock; otherwise the record is kept as it came, so that
 * whoever stores it stores the same bytes.
 */
export function createAgentCodec(clock: Clock): Codec<AgentRequest, AgentReply> {
  return {
    encode: (request) => encodeRequest(request, clock.nowMs()),
    decode: (bytes) => decodeRequest(bytes, clock.nowMs()),
    encodeReply,
    decodeReply,
  }
}

function encodeRequest(request: AgentRequest, nowMs: number): Buffer {
  switch (request.kind) {
    case 'deliver':
      return encodeDeliver(request, nowMs)
    case 'cancel': {
      const out = start(CANCEL, ID_BYTES)
      out.set(idToBytes(request.id), HEAD_BYTES)
      return out
    }
    case 'check':
      return encodeHint(CHECK, request.from)
    case 'channels':
      return encodeHint(CHANNELS, request.from)
    case 'displace': {
      const out = start(DISPLACE, SHORT_ID_BYTES + MS_BYTES)
      out.set(shortIdToBytes(request.sessionId), HEAD_BYTES)
      out.writeUIntBE(request.ageMs, HEAD_BYTES + SHORT_ID_BYTES, MS_BYTES)
      return out
    }
    case 'broadcasts': {
      const out = start(BROADCASTS, 1)
      out.writeUInt8(HINTS.indexOf(request.hint) + 1, HEAD_BYTES)
      return out
    }
    case 'cells':
      return encodeStatement(request.statement)
    case 'watch': {
      const out = start(WATCH, SHORT_ID_BYTES)
      out.set(shortIdToBytes(request.watcher), HEAD_BYTES)
      return out
    }
    case 'figures': {
      const out = start(FIGURES, Buffer.byteLength(request.json))
      out.write(request.json, HEAD_BYTES)
      return out
    }
  }
}

function encodeHint(kind: typeof CHECK | typeof CHANNELS, from: SessionId | undefined): Buffer {
  const out = start(kind, from === undefined ? 0 : SHORT_ID_BYTES)
  if (from !== undefined) out.set(shortIdToBytes(from), HEAD_BYTES)
  return out
}

function encodeDeliver(request: DeliverRequest, nowMs: number): Buffer {
  const { message, keyDigest, trace } = request
  const record = encodeMessage(message)
  const digest = shortIdToBytes(keyDigest)
  const restBytes = MS_BYTES + 1 + digest.length + record.length
  const out = trace === undefined ? start(DELIVER, restBytes) : start(TRACED, TRACE_BYTES + restBytes)
  let at = HEAD_BYTES
  if (trace !== undefined) at += out.write(trace.traceId + trace.spanId, at, 'hex')
  at = out.writeUIntBE(Math.max(0, message.expiresAtMs - nowMs), at, MS_BYTES)
  at = out.writeUInt8(digest.length, at)
  out.set(digest, at)
  out.set(record, at + digest.length)
  return out
}

/** @throws RangeError on another version, an unknown kind, or damage */
function decodeRequest(bytes: Uint8Array, nowMs: number): AgentRequest {
  const buffer = versioned(bytes, 'request')
  const kind = buffer.readUInt8(1)
  switch (kind) {
    case DELIVER:
      return decodeDeliver(buffer, HEAD_BYTES, nowMs)
    case TRACED: {
      const trace = buffer.toString('hex', HEAD_BYTES, HEAD_BYTES + TRACE_BYTES)
      const [traceId, spanId] = [trace.slice(0, 2 * TRACE_ID_BYTES), trace.slice(2 * TRACE_ID_BYTES)]
      return {
        ...decodeDeliver(buffer, HEAD_BYTES + TRACE_BYTES, nowMs),
        trace: { traceId, spanId },
      }
    }
    case CANCEL:
      return { kind: 'cancel', id: messageIdFromBytes(buffer.subarray(HEAD_BYTES)) }
    case CHECK:
      return { kind: 'check', ...decodeHint(buffer) }
    case CHANNELS:
      return { kind: 'channels', ...decodeHint(buffer) }
    case DISPLACE: {
      exactly(buffer, HEAD_BYTES + SHORT_ID_BYTES + MS_BYTES)
      const ageAt = HEAD_BYTES + SHORT_ID_BYTES
      return {
        kind: 'displace',
        sessionId: sessionIdFromBytes(buffer.subarray(HEAD_BYTES, ageAt)),
        ageMs: buffer.readUIntBE(ageAt, MS_BYTES),
      }
    }
    case BROADCASTS: {
      exactly(buffer, HEAD_BYTES + 1)
      const number = buffer.readUInt8(HEAD_BYTES)
      const hint = HINTS[number - 1]
      if (hint === undefined) throw new RangeError(`broadcasts with unknown hint ${number}`)
      return { kind: 'broadcasts', hint }
    }
    case CELLS:
      return { kind: 'cells', statement: decodeStatement(buffer.subarray(HEAD_BYTES)) }
    case WATCH:
      exactly(buffer, HEAD_BYTES + SHORT_ID_BYTES)
      return { kind: 'watch', watcher: shortHexOf(buffer.subarray(HEAD_BYTES)) }
    case FIGURES:
      return { kind: 'figures', json: buffer.toString('utf8', HEAD_BYTES) }
    default:
      throw new RangeError(`agent request of unknown kind ${kind}`)
  }
}

function decodeHint(buffer: Buffer): { readonly from?: SessionId } {
  return buffer.length === HEAD_BYTES ? {} : { from: sessionIdFromBytes(buffer.subarray(HEAD_BYTES)) }
}

type DeliverRequest = Extract<AgentRequest, { kind: 'deliver' }>

function decodeDeliver(buffer: Buffer, at: number, nowMs: number): DeliverRequest {
  const expiresAtMs = nowMs + buffer.readUIntBE(at, MS_BYTES)
  const digestAt = at + MS_BYTES + 1
  const recordAt = digestAt + buffer.readUInt8(digestAt - 1)
  const keyDigest = keyDigestFromBytes(buffer.subarray(digestAt, recordAt))
  // A copy: the message may stay in memory for a while, and must not keep the whole piece that was read from the socket there.
  const message = decodeMessage(Buffer.from(buffer.subarray(recordAt)))
  return { kind: 'deliver', message: expiring(message, expiresAtMs), keyDigest }
}

/** The message itself, unless its expiry makes no sense by the clock of this process. */
function expiring(message: Message, expiresAtMs: number): Message {
  const skewMs = Math.abs(message.expiresAtMs - expiresAtMs)
  return skewMs <= SKEW_MAX_MS ? message : { ...message, expiresAtMs }
}

function encodeStatement({ process, ageMs, digests, isDisputed }: MapStatement): Buffer {
  const out = start(CELLS, STATEMENT_BYTES)
  out.set(shortIdToBytes(process), HEAD_BYTES)
  const disputedAt = out.writeUIntBE(ageMs, HEAD_BYTES + SHORT_ID_BYTES, MS_BYTES)
  const digestsAt = out.writeUInt8(isDisputed ? 1 : 0, disputedAt)
  out.set(shortIdToBytes(digests.from), digestsAt)
  out.set(shortIdToBytes(digests.to), digestsAt + SHORT_ID_BYTES)
  return out
}

function decodeStatement(rest: Buffer): MapStatement {
  exactly(rest, STATEMENT_BYTES)
  const disputedAt = SHORT_ID_BYTES + MS_BYTES
  const toAt = disputedAt + 1 + SHORT_ID_BYTES
  return {
    process: shortHexOf(rest.subarray(0, SHORT_ID_BYTES)),
    ageMs: rest.readUIntBE(SHORT_ID_BYTES, MS_BYTES),
    digests: { from: shortHexOf(rest.subarray(disputedAt + 1, toAt)), to: shortHexOf(rest.subarray(toAt)) },
    isDisputed: rest.readUInt8(disputedAt) !== 0,
  }
}

function encodeReply({ outcome, clockMs }: AgentReply): Buffer {
  const out = start(OUTCOMES.indexOf(outcome) + 1, MS_BYTES)
  out.writeUIntBE(clockMs, HEAD_BYTES, MS_BYTES)
  return out
}

/** @throws RangeError on another version, an unknown outcome, or damage */
function decodeReply(bytes: Uint8Array): AgentReply {
  const buffer = versioned(bytes, 'reply')
  exactly(buffer, REPLY_BYTES)
  const number = buffer.readUInt8(1)
  const outcome = OUTCOMES[number - 1]
  if (outcome === undefined) throw new RangeError(`agent reply with unknown outcome ${number}`)
  return { outcome, clockMs: buffer.readUIntBE(HEAD_BYTES, MS_BYTES) }
}

function start(kind: number, restBytes: number): Buffer {
  const out = Buffer.allocUnsafe(HEAD_BYTES + restBytes)
  out.writeUInt8(VERSION, 0)
  out.writeUInt8(kind, 1)
  return out
}

function versioned(bytes: Uint8Array, what: string): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = buffer.readUInt8(0)
  if (version !== VERSION) {
    throw new RangeError(`agent ${what} of version ${version}; this process reads ${VERSION}`)
  }
  return buffer
}

function exactly(buffer: Buffer, bytes: number): void {
  if (buffer.length !== bytes) throw new RangeError(`${buffer.length} bytes where ${bytes} were expected`)
}
