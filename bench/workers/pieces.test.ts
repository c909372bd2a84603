import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { cut, Pieces } from './pieces.ts'

t.test('a text is put together from its pieces in any order, with any of them twice', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.integer({ min: 16, max: 300 }),
        (text, bytes) => {
          const sent = cut(text, bytes)
          assert.ok(sent.every((piece) => piece.length <= bytes))
          const pieces = new Pieces()
          const got = [...sent.toReversed(), ...sent].map((piece) => pieces.add(piece))
          assert.deepEqual(
            got.filter((each) => each !== undefined),
            [Buffer.from(text).toString()],
          )
          assert.equal(
            got.findIndex((each) => each !== undefined),
            sent.length - 1,
          )
        },
      ),
    ),
  )
})
