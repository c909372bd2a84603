import t from 'tap'
import type { BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { answerTo, isEmpty } from './broadcast-answer.ts'

const [A, B, C] = ['a/a', 'b/b', 'c/c'] as BroadcastId[] as [BroadcastId, BroadcastId, BroadcastId]
const [V1, V2] = ['1', '2'] as BroadcastVersion[] as [BroadcastVersion, BroadcastVersion]
const KNOWN = new Map([
  [A, V1],
  [B, V2],
])

t.test('what differs is told, what is equal is not, and what is not there is an error', (t) => {
  const subscribed: string[] = []
  const named = [
    [A, '1'],
    [B, '1'],
    [C, ''],
    ['no id', '1'],
    ['__proto__', '1'],
  ] as const
  const answer = answerTo(named, KNOWN, (id) => subscribed.push(id) > 0)
  t.same(answer, {
    values: [[B, V2]],
    errors: [
      [C, 'Broadcast not found'],
      ['no id', 'Broadcast not found'],
      ['__proto__', 'Broadcast not found'],
    ],
  })
  t.same(subscribed, [A, B, C], 'also to one that may come yet, but to nothing that can be none')
  t.equal(isEmpty(answer), false)
  t.end()
})

t.test('who has everything is told nothing', (t) => {
  t.equal(isEmpty(answerTo([[A, '1']], KNOWN, () => true)), true)
  t.equal(isEmpty(answerTo([], KNOWN, () => true)), true)
  t.end()
})

t.test('as long as nothing is known nothing is said to be missing', (t) => {
  const subscribed: string[] = []
  const answer = answerTo(
    [
      [A, '1'],
      ['no id', ''],
    ],
    undefined,
    (id) => subscribed.push(id) > 0,
  )
  t.same(answer, { values: [], errors: [['no id', 'Broadcast not found']] })
  t.same(subscribed, [A])
  t.end()
})

t.test('more broadcasts than there may be are refused, with or without a value', (t) => {
  const answer = answerTo(
    [
      [B, '1'],
      [C, '1'],
    ],
    KNOWN,
    () => false,
  )
  t.same(answer, {
    values: [],
    errors: [
      [B, 'Too many broadcasts'],
      [C, 'Too many broadcasts'],
    ],
  })
  t.end()
})
