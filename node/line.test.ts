import fc from 'fast-check'
import t from 'tap'
import { Line } from './line.ts'

interface Member {
  readonly number: number
}

t.test('first come, first served, whoever leaves and however often nobody is left', (t) => {
  const move = fc.oneof(fc.constant('join'), fc.constant('shift'), fc.nat(20))
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
      const line = new Line<Member>()
      const expected: Member[] = []
      let number = 0
      for (const one of moves) {
        if (one === 'join') {
          const member = { number: number++ }
          line.join(member)
          expected.push(member)
        } else if (one === 'shift') t.equal(line.shift(), expected.shift())
        else {
          const [leaving = { number: -1 }] = expected.splice(one % (expected.length + 1), 1)
          t.equal(line.leave(leaving), leaving.number >= 0)
          t.equal(line.leave(leaving), false)
        }
        t.equal(line.size, expected.length)
      }
    }),
  )
  t.end()
})
