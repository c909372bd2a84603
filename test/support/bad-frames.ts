import { randomUUID } from 'node:crypto'
import fc from 'fast-check'

/** What one connection sends: some frames that are fine, then one that is not or may not be. */
export interface BadSession {
  /** Says hello first; without, anything else is an offence. */
  readonly greets: boolean
  /** Waits for the answer of its hello before it goes on. */
  readonly waits: boolean
  readonly fine: readonly object[]
  readonly last: Offence
}

/** A frame that ends the connection, or may do so, with the close codes it may end with. */
export interface Offence {
  readonly frame: string | Uint8Array
  /** Text frames may be any bytes: fast-check sends some that are no UTF-8. */
  readonly binary: boolean
  /** 1006 stands for TCP closed without a Close frame. */
  readonly codes: readonly number[]
  /** It may be in order after all; then a binary frame behind it ends the connection. */
  readonly doubtful: boolean
}

const FRAME_LIMIT_BYTES = 16 * 1024
const TCP_LIMIT_BYTES = 64 * 1024
const uuid = fc.uuid()
const version = fc.oneof(uuid, fc.string({ maxLength: 40 }))

/** Messages that are in order after a hello, whatever they name. No pings: a second one is too soon. */
const fine: fc.Arbitrary<object> = fc.oneof(
  fc.record({ messageType: fc.constant('register'), channelID: uuid, more: fc.jsonValue() }),
  fc.record({ messageType: fc.constant('register'), channelID: uuid, key: fc.base64String() }),
  fc.record({ messageType: fc.constant('unregister'), channelID: uuid, code: fc.integer() }),
  fc.record({ messageType: fc.constant('nack'), version, code: fc.integer() }),
  fc.record({
    messageType: fc.constant('ack'),
    updates: fc.array(fc.record({ channelID: uuid, version, code: fc.integer() }), { maxLength: 8 }),
  }),
  fc.record({
    messageType: fc.constant('broadcast_subscribe'),
    broadcasts: fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), { maxKeys: 4 }),
  }),
)

/** A message of the protocol with some of its members replaced by anything, and perhaps another one. */
const nearlyValid: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(fine, fc.constant({ messageType: 'hello', use_webpush: true }), fc.constant({})),
    fc.dictionary(
      fc.constantFrom(
        'messageType',
        'channelID',
        'key',
        'updates',
        'broadcasts',
        'uaid',
        'code',
        '__proto__',
      ),
      fc.jsonValue({ maxDepth: 3 }),
      { minKeys: 1, maxKeys: 3 },
    ),
  )
  .map(([message, others]) => JSON.stringify({ ...message, ...others }))

const notUtf8 = fc
  .tuple(fc.string(), fc.constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]))
  .map(([text, bad]) => Buffer.concat([Buffer.from(`{"messageType":"${text}`), Buffer.from(bad)]))

/** Text of some length, in JSON or not. */
function sized(min: number, max: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.integer({ min, max }), fc.boolean())
    .map(([bytes, json]) =>
      json ? `{"messageType":"nack","more":"${'x'.repeat(bytes - 32)}"}` : 'x'.repeat(bytes),
    )
}

const offence: fc.Arbitrary<Offence> = fc.oneof(
  { weight: 8, arbitrary: nearlyValid.map(doubtful) },
  { weight: 4, arbitrary: fc.json({ maxDepth: 4 }).map(doubtful) },
  { weight: 2, arbitrary: fc.string({ maxLength: 200, unit: 'binary' }).map(doubtful) },
  { weight: 2, arbitrary: fc.string().map((type) => text(`{"messageType":"?${escaped(type)}"}`, 1008)) },
  { weight: 2, arbitrary: fc.string().map((garbage) => text(`{,${garbage}`, 1008)) },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((frame) => ({ ...text(frame, 1003), binary: true })),
  },
  { weight: 1, arbitrary: notUtf8.map((frame) => text(frame, 1006)) },
  { weight: 1, arbitrary: sized(FRAME_LIMIT_BYTES + 1, TCP_LIMIT_BYTES).map((frame) => text(frame, 1009)) },
  {
    weight: 1,
    arbitrary: sized(TCP_LIMIT_BYTES + 1, TCP_LIMIT_BYTES + 5000).map((frame) => text(frame, 1006)),
  },
)

/** Sessions of user agents that do not keep to the protocol. */
export const badSession: fc.Arbitrary<BadSession> = fc.record({
  greets: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  waits: fc.boolean(),
  fine: fc.array(fine, { maxLength: 8 }),
  last: offence,
})

function doubtful(frame: string): Offence {
  return { frame, binary: false, codes: [1003, 1008], doubtful: true }
}

function text(frame: string | Uint8Array, code: number): Offence {
  return { frame, binary: false, codes: [code], doubtful: false }
}

function escaped(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

/** A hello; the UAID is one that nobody has. */
export function helloFrame(): object {
  return { messageType: 'hello', use_webpush: true, uaid: randomUUID() }
}
