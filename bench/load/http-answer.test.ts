import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { AnswerReader, type WholeAnswer } from './http-answer.ts'

/** What a reader makes of a text that comes in pieces; the rest of the pieces goes on behind an answer. */
function read(text: string, lengths: readonly number[] = []): WholeAnswer[] {
  const reader = new AnswerReader()
  const answers: WholeAnswer[] = []
  let at = 0
  for (const length of [...lengths, text.length]) {
    const piece = text.slice(at, at + length)
    at += piece.length
    const answer = piece === '' ? undefined : reader.read(Buffer.from(piece, 'latin1'))
    if (answer !== undefined) answers.push(answer)
  }
  const last = reader.end()
  return last === undefined ? answers : [...answers, last]
}

const head = (...lines: readonly string[]) => `${['HTTP/1.1 201 Created', ...lines].join('\r\n')}\r\n\r\n`
const REUSED = 4000

const FORMS: readonly (readonly [what: string, text: string, answer: WholeAnswer])[] = [
  ['a length', `${head('Content-Length: 4')}body`, { status: 201, body: 'body', reusableMs: REUSED }],
  ['a length of 0', head('content-length:0'), { status: 201, body: '', reusableMs: REUSED }],
  [
    'the same length twice',
    `${head('content-length: 2', 'Content-Length: 2')}ok`,
    { status: 201, body: 'ok', reusableMs: REUSED },
  ],
  [
    'no body, whatever it says',
    'HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\n',
    { status: 204, body: '', reusableMs: REUSED },
  ],
  [
    'no reason phrase',
    'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n',
    { status: 200, body: '', reusableMs: REUSED },
  ],
  [
    'chunks',
    `${head('Transfer-Encoding: chunked')}4;a=b\r\n{"er\r\nA\r\nrno": 103}\r\n0\r\n\r\n`,
    { status: 201, body: '{"errno": 103}', reusableMs: REUSED },
  ],
  [
    'chunks with a trailer',
    `${head('transfer-encoding: gzip, chunked')}1\r\nx\r\n000\r\nx: y\r\nz: \r\n\r\n`,
    { status: 201, body: 'x', reusableMs: REUSED },
  ],
  [
    'an interim answer first',
    `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${head('content-length: 1')}x`,
    { status: 201, body: 'x', reusableMs: REUSED },
  ],
  [
    'until the end of the connection',
    `${head('connection: close')}all of\r\n\r\nit`,
    { status: 201, body: 'all of\r\n\r\nit', reusableMs: 0 },
  ],
  [
    'the end of its connection',
    `${head('Connection: Close', 'content-length: 1')}x`,
    { status: 201, body: 'x', reusableMs: 0 },
  ],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx', { status: 200, body: 'x', reusableMs: 0 }],
  [
    'HTTP/1.0 that stays',
    'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx',
    { status: 200, body: 'x', reusableMs: REUSED },
  ],
  [
    'a keep-alive time',
    head('keep-alive: max=9, timeout=72', 'content-length: 0'),
    { status: 201, body: '', reusableMs: 71_000 },
  ],
  [
    'a keep-alive time too short to use',
    head('keep-alive: timeout=1', 'content-length: 0'),
    { status: 201, body: '', reusableMs: 0 },
  ],
]

for (const [what, text, answer] of FORMS)
  t.test(`an answer with ${what}, however it is cut`, async (t) => {
    t.same(read(text), [answer])
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }), (lengths) => {
          assert.deepEqual(read(text, lengths), [answer])
        }),
      ),
    )
  })

t.test('one answer after the other', async (t) => {
  const one = `${head('content-length: 1')}x`
  t.same(read(one + one, [one.length]).length, 2)
  t.match(read(`${one}H`), [{ body: 'x', reusableMs: 0 }], 'bytes that nobody asked for spoil the connection')
})

t.test('of a long body the beginning is kept', async (t) => {
  const [answer] = read(`${head('content-length: 100000')}${'x'.repeat(100_000)}`, Array(100).fill(1000))
  t.match(answer, { status: 201, reusableMs: REUSED })
  const kept = answer?.body.length ?? 0
  t.ok(kept >= 4096 && kept < 10_000, `${kept} characters`)
})

t.test('one that is not whole is none', async (t) => {
  for (const text of [
    '',
    'HTTP/1.1 201',
    `${head('content-length: 2')}x`,
    `${head('transfer-encoding: chunked')}1\r\nx\r\n`,
  ])
    t.same(read(text), [], JSON.stringify(text))
})

for (const [what, text] of [
  ['no HTTP', 'what?\r\n\r\n'],
  ['another version', 'HTTP/2 200\r\n\r\n'],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a length that is none', head('content-length: -1')],
  ['two lengths', head('content-length: 1', 'content-length: 2')],
  ['a chunk without a size', `${head('transfer-encoding: chunked')}x\r\n`],
  ['a chunk that is too long', `${head('transfer-encoding: chunked')}1\r\nxx\r\n`],
  ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`],
] as const)
  t.test(`${what}: an error`, async (t) => {
    t.throws(() => read(text), { name: 'AnswerError' })
  })
