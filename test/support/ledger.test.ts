import t from 'tap'
import { Ledger } from './ledger.ts'

t.test('a message is lost until it is received, and counted twice when it comes twice', (t) => {
  const ledger = new Ledger()
  ledger.accepted({ id: 'a', order: 0 })
  ledger.accepted({ id: 'b', order: 1 })
  ledger.received({ id: 'a', order: 0 })
  t.same(ledger.missing(), ['b'])
  ledger.received({ id: 'a', order: 0 })
  t.match(ledger.totals(), { accepted: 2, delivered: 1, duplicates: 1, lost: 1 })
  t.end()
})

t.test('a message may arrive before its sender has the answer', (t) => {
  const ledger = new Ledger()
  ledger.received({ id: 'a', order: 0 })
  ledger.accepted({ id: 'a', order: 0 })
  t.match(ledger.totals(), { accepted: 1, delivered: 1, duplicates: 0, lost: 0 })
  t.end()
})

t.test('of a slot only the newest accepted message has to arrive, or a newer one', (t) => {
  const ledger = new Ledger()
  const post = (order: number) => ({ id: `s${order}`, slot: 's', order })
  ledger.accepted(post(1))
  ledger.accepted(post(2))
  ledger.received(post(1))
  t.same(ledger.missing(), ['s'], 'an older one does not make up for it')
  ledger.received(post(3))
  t.same(ledger.missing(), [], 'a newer one does, though its own answer never came')
  ledger.accepted(post(4))
  t.same(ledger.missing(), ['s'])
  t.end()
})

t.test('complete resolves with the last missing message', async (t) => {
  const ledger = new Ledger()
  await ledger.complete()
  ledger.accepted({ id: 'a', order: 0 })
  let complete = false
  const waiting = ledger.complete().then(() => {
    complete = true
  })
  await Promise.resolve()
  t.equal(complete, false)
  ledger.received({ id: 'a', order: 0 })
  await waiting
  t.equal(complete, true)
})
