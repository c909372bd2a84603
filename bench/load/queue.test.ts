import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Queue } from './queue.ts'

t.test('it is an array of which the first is taken', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (steps) => {
        const queue = new Queue<number>()
        const model: number[] = []
        for (const step of steps) {
          if (step === null) assert.equal(queue.take(), model.shift())
          else {
            queue.add(step)
            model.push(step)
          }
          assert.equal(queue.size, model.length)
        }
      }),
    ),
  )
})
