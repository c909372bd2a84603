import fc from 'fast-check'
import t from 'tap'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { clientFrame, FrameReader, OPCODES } from './frames.ts'

type Heard = readonly [kind: string, what: string | number]

function heardIn(chunks: readonly Buffer[]): Heard[] {
  const heard: Heard[] = []
  const reader = new FrameReader()
  for (const chunk of chunks) {
    // The buffer of a read is used again for the next one.
    const lent = Buffer.from(chunk)
    reader.read(lent, {
      text: (text) => heard.push(['text', text]),
      ping: (payload) => heard.push(['ping', payload.toString('hex')]),
      onClose: (code) => heard.push(['close', code]),
    })
    lent.fill(0)
  }
  return heard
}

function serverFrame(opcode: number, payload: Buffer, isFinal = true): Buffer {
  const first = (isFinal ? 0x80 : 0) | opcode
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload])
  const head = Buffer.alloc(length < 65_536 ? 4 : 10)
  head[0] = first
  head[1] = length < 65_536 ? 126 : 127
  if (length < 65_536) head.writeUInt16BE(length, 2)
  else head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

const texts = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(125, 126, 127, 65_535, 65_536).map((length) => 'x'.repeat(length)),
)
const message = fc.oneof(
  texts.map((text) => ({ frames: [serverFrame(OPCODES.text, Buffer.from(text))], heard: [['text', text]] })),
  // In parts, with a ping in between.
  fc.tuple(texts, fc.uint8Array({ maxLength: 125 })).map(([text, ping]) => {
    const bytes = Buffer.from(text)
    const half = bytes.length >> 1
    const parts = [
      serverFrame(OPCODES.text, bytes.subarray(0, half), false),
      serverFrame(OPCODES.ping, Buffer.from(ping)),
      serverFrame(OPCODES.continuation, bytes.subarray(half)),
    ]
    return {
      frames: parts,
      heard: [
        ['ping', Buffer.from(ping).toString('hex')],
        ['text', text],
      ],
    }
  }),
)

t.test('messages are whole, in order, however TCP cuts them', (t) => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 5000 })),
      (messages, sizes) => {
        let rest = Buffer.concat(messages.flatMap(({ frames }) => frames))
        const chunks: Buffer[] = []
        for (const size of sizes) {
          if (rest.length === 0) break
          chunks.push(rest.subarray(0, size))
          rest = rest.subarray(size)
        }
        t.same(
          heardIn(chunks),
          messages.flatMap(({ heard }) => heard),
        )
      },
    ),
    { numRuns: 60 },
  )
  t.same(
    heardIn(
      [...Buffer.concat([serverFrame(OPCODES.text, Buffer.from('byte by byte'))])].map((byte) =>
        Buffer.from([byte]),
      ),
    ),
    [['text', 'byte by byte']],
  )
  t.end()
})

t.test('a Close frame has a code, or 1005', (t) => {
  t.same(heardIn([serverFrame(OPCODES.close, Buffer.from([0x03, 0xe9, 0x62]))]), [['close', 1001]])
  t.same(heardIn([serverFrame(OPCODES.close, Buffer.alloc(0))]), [['close', 1005]])
  t.end()
})

t.test('what no server may send is refused', (t) => {
  const wrong: readonly [string, Buffer][] = [
    ['masked', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61])],
    ['an extension', Buffer.from([0xc1, 0])],
    ['binary', serverFrame(OPCODES.binary, Buffer.from('x'))],
    ['a ping in parts', serverFrame(OPCODES.ping, Buffer.from('x'), false)],
    ['a long ping', serverFrame(OPCODES.ping, Buffer.alloc(126))],
    ['a continuation of nothing', serverFrame(OPCODES.continuation, Buffer.from('x'))],
    [
      'a text within a text',
      Buffer.concat([serverFrame(1, Buffer.from('x'), false), serverFrame(1, Buffer.from('x'))]),
    ],
    ['too long', Buffer.from([0x81, 127, 0, 0, 0, 0, 0x7f, 0, 0, 0])],
  ]
  for (const [what, bytes] of wrong) t.throws(() => heardIn([bytes]), { name: 'FrameError' }, what)
  t.end()
})

t.test('frames of a client are masked, and say what they were given', (t) => {
  fc.assert(
    fc.property(texts, fc.integer(), (text, seed) => {
      const frame = clientFrame(OPCODES.text, text, seededRandom(seed))
      const short = (frame[1] ?? 0) & 0x7f
      t.equal((frame[1] ?? 0) & 0x80, 0x80)
      const start = short < 126 ? 2 : short === 126 ? 4 : 10
      const mask = frame.subarray(start, start + 4)
      const payload = frame.subarray(start + 4).map((byte, index) => byte ^ (mask[index % 4] ?? 0))
      return Buffer.from(payload).toString() === text
    }),
    { numRuns: 50 },
  )
  t.end()
})
