import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { createAgentCodec } from './agent-codec.ts'
import type { AgentOutcome, AgentReply, AgentRequest } from './agent-requests.ts'
import { messages } from './fixtures/arbitrary-messages.ts'
import { keyDigestFromBytes, messageIdFromBytes, sessionIdFromBytes } from './ids.ts'
import type { Message } from './message.ts'

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count })
const sessionIds = bytes(8).map(sessionIdFromBytes)
const keyDigests = fc.oneof(bytes(8), bytes(0)).map(keyDigestFromBytes)
const timesMs = fc.integer({ min: 0, max: 2 ** 48 - 1 })

const hexDigits = (count: number) => bytes(count).map((some) => Buffer.from(some).toString('hex'))
const traces = fc.record({ traceId: hexDigits(16), spanId: hexDigits(8) }, { noNullPrototype: true })

const digests = fc.record({ from: sessionIds, to: sessionIds }, { noNullPrototype: true })
const statements = fc.record(
  { process: sessionIds, ageMs: timesMs, digests, isDisputed: fc.boolean() },
  { noNullPrototype: true },
)

const hints = fc.constantFrom('changed' as const, 'polled' as const)

/** Requests with messages that have not expired: others come back with a later expiry. */
function requests(nowMs: number): fc.Arbitrary<AgentRequest> {
  const current = messages.map((message) => ({
    ...message,
    expiresAtMs: Math.max(message.expiresAtMs, nowMs),
  }))
  const record = { noNullPrototype: true }
  return fc.oneof(
    fc.record(
      { kind: fc.constant('deliver' as const), message: current, keyDigest: keyDigests, trace: traces },
      { requiredKeys: ['kind', 'message', 'keyDigest'], ...record },
    ),
    fc.record({ kind: fc.constant('cancel' as const), id: bytes(16).map(messageIdFromBytes) }, record),
    fc.record(
      { kind: fc.constant('check' as const), from: sessionIds },
      { requiredKeys: ['kind'], ...record },
    ),
    fc.record(
      { kind: fc.constant('channels' as const), from: sessionIds },
      { requiredKeys: ['kind'], ...record },
    ),
    fc.record({ kind: fc.constant('displace' as const), sessionId: sessionIds, ageMs: timesMs }, record),
    fc.record({ kind: fc.constant('broadcasts' as const), hint: hints }, record),
    fc.record({ kind: fc.constant('cells' as const), statement: statements }, record),
    fc.record({ kind: fc.constant('watch' as const), watcher: hexDigits(8) }, record),
    fc.record({ kind: fc.constant('figures' as const), json: fc.json() }, record),
  )
}

const outcomes = fc.constantFrom<AgentOutcome>(
  'delivered',
  'stored',
  'full',
  'gone',
  'unsaved',
  'cancelled',
  'unknown',
)
const replies: fc.Arbitrary<AgentReply> = fc.record(
  { outcome: outcomes, clockMs: timesMs },
  { noNullPrototype: true },
)

function open() {
  const clock = new SimulatedClock()
  return { clock, nowMs: clock.nowMs(), codec: createAgentCodec(clock) }
}

function sample(expiresAtMs: number): Message {
  const id = new Uint8Array(16).fill(1)
  return {
    id: messageIdFromBytes(id),
    channelId: '02020202-0202-0202-0202-020202020202' as Message['channelId'],
    urgency: 'normal',
    ttlSeconds: 60,
    expiresAtMs,
    body: Buffer.from('secret'),
  }
}

const DIGEST = keyDigestFromBytes(new Uint8Array(8).fill(3))
const SESSION = sessionIdFromBytes(new Uint8Array(8).fill(4))

t.test('every request survives encoding and decoding', async (t) => {
  const { codec, nowMs } = open()
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(requests(nowMs), (request) => {
        assert.deepStrictEqual(codec.decode(codec.encode(request)), request)
      }),
    ),
  )
})

t.test('every reply survives encoding and decoding', async (t) => {
  const { codec } = open()
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(replies, (reply) => {
        assert.deepStrictEqual(codec.decodeReply(codec.encodeReply(reply)), reply)
      }),
    ),
  )
})

t.test('the layout is fixed: old and new processes understand each other', async (t) => {
  const { codec, nowMs } = open()
  const hex = (request: AgentRequest) => Buffer.from(codec.encode(request)).toString('hex')
  const message = sample(nowMs + 60_000)
  const record = `0100${'01'.repeat(16)}${'02'.repeat(16)}${message.expiresAtMs.toString(16).padStart(12, '0')}0000003c`
  t.equal(
    hex({ kind: 'deliver', message, keyDigest: DIGEST }),
    `010100000000ea6008${'03'.repeat(8)}${record}736563726574`,
  )
  t.equal(hex({ kind: 'cancel', id: message.id }), `0102${'01'.repeat(16)}`)
  t.equal(hex({ kind: 'check' }), '0103')
  t.equal(hex({ kind: 'check', from: SESSION }), `0103${'04'.repeat(8)}`)
  t.equal(hex({ kind: 'channels' }), '010a')
  t.equal(hex({ kind: 'channels', from: SESSION }), `010a${'04'.repeat(8)}`)
  t.equal(hex({ kind: 'displace', sessionId: SESSION, ageMs: 7 }), `0104${'04'.repeat(8)}000000000007`)
  const digests = { from: '05'.repeat(8), to: '06'.repeat(8) }
  t.equal(
    hex({ kind: 'cells', statement: { process: SESSION, ageMs: 7, digests, isDisputed: true } }),
    `0105${'04'.repeat(8)}00000000000701${'05'.repeat(8)}${'06'.repeat(8)}`,
  )
  t.equal(hex({ kind: 'broadcasts', hint: 'changed' }), '010601')
  t.equal(hex({ kind: 'broadcasts', hint: 'polled' }), '010602')
  t.equal(hex({ kind: 'watch', watcher: '05'.repeat(8) }), `0108${'05'.repeat(8)}`)
  t.equal(hex({ kind: 'figures', json: '"é"' }), '010922c3a922')
  const reply = codec.encodeReply({ outcome: 'delivered', clockMs: 9 })
  t.equal(Buffer.from(reply).toString('hex'), '0101000000000009')
})

t.test('the body travels as it is', async (t) => {
  const { codec, nowMs } = open()
  const body = Buffer.alloc(4096, 7)
  const request = { kind: 'deliver', message: { ...sample(nowMs), body }, keyDigest: DIGEST } as const
  t.ok(codec.encode(request).length <= body.length + 64, 'no more than 64 bytes around it')
})

t.test('a decoded message does not keep the buffer that it came in', async (t) => {
  const { codec, nowMs } = open()
  const request = codec.encode({ kind: 'deliver', message: sample(nowMs), keyDigest: DIGEST })
  const frame = new Uint8Array(1 << 16)
  frame.set(request)
  const decoded = codec.decode(frame.subarray(0, request.length))
  t.equal(decoded.kind, 'deliver')
  if (decoded.kind === 'deliver') t.not(decoded.message.body.buffer, frame.buffer)
})

t.test('a receiver with a wrong clock gives a message the time it has left', async (t) => {
  const { clock, nowMs } = open()
  const receiver = clock.process(-3_600_000)
  const request = { kind: 'deliver', message: sample(nowMs + 5000), keyDigest: DIGEST } as const
  const decoded = createAgentCodec(receiver).decode(createAgentCodec(clock).encode(request))
  t.equal(decoded.kind, 'deliver')
  if (decoded.kind === 'deliver') t.equal(decoded.message.expiresAtMs, receiver.nowMs() + 5000)
})

t.test('within the skew that is allowed, both sides store the same expiry', async (t) => {
  const { clock, nowMs } = open()
  const request = { kind: 'deliver', message: sample(nowMs + 5000), keyDigest: DIGEST } as const
  for (const skewMs of [-1000, 1000]) {
    const decoded = createAgentCodec(clock.process(skewMs)).decode(createAgentCodec(clock).encode(request))
    t.strictSame(decoded, request, `${skewMs} ms`)
  }
})

t.test('another version is refused with words that say which', async (t) => {
  const { codec } = open()
  const request = Buffer.from(codec.encode({ kind: 'check' }))
  request[0] = 2
  t.throws(() => codec.decode(request), { name: 'RangeError', message: /request of version 2.* reads 1/ })
  const reply = Buffer.from(codec.encodeReply({ outcome: 'full', clockMs: 1 }))
  reply[0] = 9
  t.throws(() => codec.decodeReply(reply), { name: 'RangeError', message: /reply of version 9.* reads 1/ })
})

t.test('a message that is traced has its span in front, and is the same behind it', async (t) => {
  const { nowMs, codec } = open()
  const request = { kind: 'deliver', message: sample(nowMs + 5000), keyDigest: DIGEST } as const
  const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  const plain = Buffer.from(codec.encode(request)).toString('hex')
  const withSpan = Buffer.from(codec.encode({ ...request, trace })).toString('hex')
  t.equal(withSpan, `0107${trace.traceId}${trace.spanId}${plain.slice(4)}`)
})

t.test('an unknown kind and an unknown outcome are refused', async (t) => {
  const { codec } = open()
  t.throws(() => codec.decode(Buffer.from([1, 255])), { message: /unknown kind 255/ })
  for (const outcome of [0, 8]) {
    const reply = Buffer.from([1, outcome, 0, 0, 0, 0, 0, 0])
    t.throws(() => codec.decodeReply(reply), { message: new RegExp(`unknown outcome ${outcome}`) })
  }
  t.throws(() => codec.decode(Buffer.from([1, 6, 3])), { message: /unknown hint 3/ })
})

t.test('what is cut short or too long is refused', async (t) => {
  const { codec, nowMs } = open()
  const whole: AgentRequest[] = [
    { kind: 'cancel', id: sample(nowMs).id },
    { kind: 'check', from: SESSION },
    { kind: 'channels', from: SESSION },
    { kind: 'displace', sessionId: SESSION, ageMs: 1 },
    { kind: 'broadcasts', hint: 'changed' },
    { kind: 'watch', watcher: '05'.repeat(8) },
  ]
  for (const request of whole) {
    const encoded = Buffer.from(codec.encode(request))
    t.throws(() => codec.decode(encoded.subarray(0, -1)), { name: 'RangeError' }, request.kind)
    t.throws(() => codec.decode(Buffer.concat([encoded, Buffer.of(0)])), { name: 'RangeError' }, request.kind)
  }
})

t.test('whatever bytes come, decoding gives something or a RangeError', async (t) => {
  const { codec } = open()
  const decoders = [codec.decode, codec.decodeReply]
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 0, max: 11 }), (received, kind) => {
        received.set([1, kind].slice(0, received.length))
        for (const decode of decoders) {
          try {
            decode(received)
          } catch (error) {
            assert(error instanceof RangeError)
          }
        }
      }),
    ),
  )
})
