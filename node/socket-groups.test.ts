import fc from 'fast-check'
import t from 'tap'
import { SocketGroups } from './socket-groups.ts'

t.test('groups fill up one after the other, and places are used again', (t) => {
  const groups = new SocketGroups(2)
  t.equal(groups.count, 0)
  t.same(
    [1, 2, 3].map(() => groups.join()),
    [0, 0, 1],
  )
  groups.leave(0)
  t.same([1, 2, 3].map(() => groups.join()).sort(), [0, 1, 2])
  t.equal(groups.count, 3)
  t.end()
})

t.test('no group has more members than it may, and there are no more groups than were ever needed', (t) => {
  const moves = fc.array(fc.nat({ max: 30 }), { maxLength: 200 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), moves, (groupMax, moves) => {
      const groups = new SocketGroups(groupMax)
      const members: number[] = []
      let most = 0
      for (const move of moves) {
        const left = move % 3 === 0 ? members.splice(move % (members.length + 1), 1)[0] : undefined
        if (left !== undefined) groups.leave(left)
        else members.push(groups.join())
        most = Math.max(most, members.length)
        for (let group = 0; group < groups.count; group += 1)
          if (members.filter((one) => one === group).length > groupMax) throw new Error('too many')
        if (groups.members !== members.length) throw new Error(`${groups.members} members`)
      }
      if (groups.count > Math.ceil(most / groupMax) * 2 + groupMax) throw new Error(`${groups.count} groups`)
    }),
  )
  t.end()
})
