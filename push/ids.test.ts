import fc from 'fast-check'
import t from 'tap'
import type { Random } from '../cluster/clock.ts'
import { createSystemRandom } from '../cluster/clock.ts'
import {
  channelIdFromBytes,
  idToBytes,
  messageIdFromBytes,
  newSessionId,
  newUaid,
  parseChannelId,
  parseMessageId,
  parseUaid,
  uaidFromBytes,
} from './ids.ts'

const HEX = '0123456789abcdef0123456789abcdef'
const DASHED = '01234567-89ab-cdef-0123-456789abcdef'

/** Randomness that gives the same byte for ever. */
function constantRandom(byte: number): Random {
  return { bytes: (count) => new Uint8Array(count).fill(byte), fraction: () => 0 }
}

t.test('a UAID is read in both spellings and any case, and has one normal form', async (t) => {
  t.equal(parseUaid(HEX), HEX)
  t.equal(parseUaid(DASHED), HEX)
  t.equal(parseUaid(DASHED.toUpperCase()), HEX)
})

t.test('what is no UAID is not read as one', async (t) => {
  for (const text of [
    '',
    HEX.slice(1),
    `${HEX}0`,
    `${DASHED} `,
    `g${HEX.slice(1)}`,
    `${HEX}\n`,
    DASHED.replace('-', ''),
  ]) {
    t.equal(parseUaid(text), undefined, JSON.stringify(text))
  }
})

t.test('channel and message ids are lower-case dashed UUIDs and nothing else', async (t) => {
  t.equal(parseChannelId(DASHED), DASHED)
  t.equal(parseMessageId(DASHED), DASHED)
  for (const text of ['', HEX, DASHED.toUpperCase(), `${DASHED}\n`, ` ${DASHED}`]) {
    t.equal(parseChannelId(text), undefined, JSON.stringify(text))
    t.equal(parseMessageId(text), undefined, JSON.stringify(text))
  }
})

t.test('ids survive the way to bytes and back', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const uaid = uaidFromBytes(bytes)
        const channelId = channelIdFromBytes(bytes)
        return (
          parseUaid(uaid) === uaid &&
          parseChannelId(channelId) === channelId &&
          uaidFromBytes(idToBytes(uaid)) === uaid &&
          channelIdFromBytes(idToBytes(channelId)) === channelId &&
          messageIdFromBytes(idToBytes(messageIdFromBytes(bytes))) === channelId.toString() &&
          Buffer.from(bytes).equals(idToBytes(uaid))
        )
      }),
    ),
  )
})

t.test('an id of another length than 16 bytes is refused', async (t) => {
  for (const length of [0, 15, 17]) {
    t.throws(() => uaidFromBytes(new Uint8Array(length)), { name: 'RangeError', message: /16 bytes/ })
  }
})

t.test('a new UAID is a random UUID of version 4, never the same one', async (t) => {
  const random = createSystemRandom()
  const uaids = Array.from({ length: 1000 }, () => newUaid(random))
  for (const uaid of uaids) t.match(uaid, /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
  t.equal(new Set(uaids).size, uaids.length)
  t.equal(newUaid(constantRandom(0xff)), 'ffffffffffff4fffbfffffffffffffff')
})

t.test('a session id is 8 random bytes', async (t) => {
  t.equal(newSessionId(constantRandom(0xab)), 'abababababababab')
})
