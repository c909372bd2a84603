import t from 'tap'
import { Ledger, type PostedMessage } from './ledger.ts'
import { SettledMessages } from './settled-messages.ts'

const S = 1e6

function message(id: string, sentS: number, more: Partial<PostedMessage> = {}): PostedMessage {
  const sentUs = sentS * S
  return { id, channel: 'c', ttlS: 60, toConnected: true, intendedUs: sentUs, sentUs, ...more }
}

/** A ledger to which a message was posted and answered 201 a tenth of a second later. */
function accepted(ledger: Ledger, posted: PostedMessage): void {
  ledger.posting(posted)
  ledger.answered(posted.id, 201, posted.sentUs + 0.1 * S)
}

t.test('a message that is accepted, arrives and is acknowledged', async (t) => {
  const ledger = new Ledger()
  accepted(ledger, message('a', 1))
  t.equal(ledger.outstanding(2 * S), 1)
  t.match(ledger.arrived('a', 2 * S), { kind: 'first', connected: true, message: { id: 'a' } })
  ledger.acknowledged('a')
  ledger.acknowledged('a')
  t.equal(ledger.outstanding(2 * S), 0)
  t.match(ledger.counts(2 * S), {
    posted: 1,
    accepted: 1,
    delivered: 1,
    acknowledged: 1,
    lost: 0,
    duplicated: 0,
  })
})

t.test('one may arrive before its answer', async (t) => {
  const ledger = new Ledger()
  ledger.posting(message('a', 1))
  t.equal(ledger.arrived('a', 1.05 * S).kind, 'first')
  ledger.acknowledged('a')
  t.equal(ledger.counts(2 * S).delivered, 0, 'not known to be accepted yet')
  ledger.answered('a', 201, 1.1 * S)
  t.match(ledger.counts(2 * S), { accepted: 1, delivered: 1, acknowledged: 1, unrequested: 0 })
})

t.test('each copy beyond the first is a duplicate', async (t) => {
  const ledger = new Ledger()
  accepted(ledger, message('a', 1))
  ledger.arrived('a', 2 * S)
  t.equal(ledger.arrived('a', 3 * S).kind, 'again')
  ledger.arrived('a', 4 * S)
  t.match(ledger.counts(5 * S), { delivered: 1, duplicated: 2 })
})

t.test('what was refused, or was never sent, is unrequested when it arrives', async (t) => {
  const ledger = new Ledger()
  ledger.posting(message('a', 1))
  ledger.answered('a', 404, 1.1 * S)
  t.equal(ledger.arrived('a', 2 * S).kind, 'unrequested')
  ledger.posting(message('b', 1))
  ledger.arrived('b', 1.05 * S)
  ledger.answered('b', 404, 1.1 * S)
  t.equal(ledger.arrived('stranger', 2 * S).kind, 'unrequested')
  t.match(ledger.counts(3 * S), { posted: 2, accepted: 0, delivered: 0, unrequested: 3, lost: 0 })
})

t.test('one that arrives while its subscription is being ended may be refused', async (t) => {
  const ledger = new Ledger()
  ledger.posting(message('a', 1))
  ledger.answered('a', 410, 1.1 * S)
  t.equal(ledger.arrived('a', 2 * S, true).kind, 'again')
  ledger.posting(message('b', 1))
  t.equal(ledger.arrived('b', 1.05 * S, true).kind, 'first')
  ledger.answered('b', 410, 1.1 * S)
  t.match(ledger.counts(3 * S), { posted: 2, accepted: 0, delivered: 0, unrequested: 0, lost: 0 })
})

t.test(
  'what had no answer, or only that the server failed, may arrive or not: neither is a fault',
  async (t) => {
    const ledger = new Ledger()
    for (const [id, status] of [
      ['a', 0],
      ['b', 0],
      ['c', 503],
      ['d', 503],
    ] as const) {
      ledger.posting(message(id, 1))
      if (id === 'd') ledger.arrived(id, 8 * S)
      ledger.answered(id, status, 9 * S)
    }
    for (const id of ['a', 'c']) ledger.arrived(id, 10 * S)
    t.match(ledger.counts(11 * S), { accepted: 0, delivered: 0, unrequested: 0, lost: 0 })
  },
)

t.test('what is due and does not arrive is lost, by name', async (t) => {
  const ledger = new Ledger()
  for (const id of ['b', 'a', 'c']) accepted(ledger, message(id, 1))
  ledger.arrived('c', 2 * S)
  t.match(ledger.counts(3 * S), { lost: 2, lostIds: ['a', 'b'] })
})

t.test('the end of the TTL excuses a message for an absent user agent, and for no other', async (t) => {
  const ledger = new Ledger()
  accepted(ledger, message('absent', 1, { toConnected: false }))
  accepted(ledger, message('connected', 1))
  accepted(ledger, message('left', 1, { channel: 'd' }))
  ledger.offline('d', 2 * S)
  t.equal(ledger.counts(30 * S).lost, 3, 'all are due')
  for (const sweep of [false, true]) {
    if (sweep) ledger.sweep(100 * S)
    t.match(ledger.counts(100 * S), { lost: 1, lostIds: ['connected'], replaced: 2 }, `swept: ${sweep}`)
  }
  ledger.arrived('connected', 101 * S)
  t.match(ledger.counts(102 * S), { lost: 0, lostIds: [], delivered: 1, late: 1 }, 'it came after all')
})

t.test('what befalls a message after the end of its TTL changes nothing, swept or not', async (t) => {
  const befalls: readonly [string, (ledger: Ledger) => void][] = [
    ['its user agent leaves', (ledger) => ledger.offline('c', 9 * S)],
    ['it is deleted', (ledger) => ledger.cancelled('a', 9 * S)],
    ['a newer one of its topic is accepted', (ledger) => accepted(ledger, message('b', 9, { topic: 't' }))],
  ]
  for (const [what, befall] of befalls)
    for (const isSwept of [false, true]) {
      const ledger = new Ledger()
      accepted(ledger, message('a', 1, { ttlS: 5, topic: 't' }))
      if (isSwept) ledger.sweep(8 * S)
      befall(ledger)
      t.match(ledger.counts(10 * S), { replaced: 0 }, `${what}, swept: ${isSwept}`)
      t.ok(ledger.counts(10 * S).lostIds.includes('a'))
    }
})

t.test('a message of TTL 0 need not reach an absent user agent', async (t) => {
  const ledger = new Ledger()
  accepted(ledger, message('a', 1, { ttlS: 0, toConnected: false }))
  t.match(ledger.counts(2 * S), { lost: 0, replaced: 1 })
})

t.test('an arrival after the end of the TTL is late, a copy, too', async (t) => {
  const ledger = new Ledger()
  accepted(ledger, message('in time', 1, { ttlS: 10 }))
  accepted(ledger, message('late', 1, { ttlS: 10 }))
  ledger.arrived('in time', 11 * S)
  ledger.arrived('late', 13 * S)
  t.match(ledger.counts(14 * S), { delivered: 2, late: 1 })
  ledger.arrived('in time', 15 * S)
  t.match(ledger.counts(16 * S), { delivered: 2, duplicated: 1, late: 2 })
})

t.test(
  'the order is wrong when a message comes after one that was sent when it was accepted already',
  async (t) => {
    const ledger = new Ledger()
    accepted(ledger, message('first', 1))
    accepted(ledger, message('second', 2))
    accepted(ledger, message('elsewhere', 2, { channel: 'd' }))
    for (const id of ['elsewhere', 'second', 'first']) ledger.arrived(id, 3 * S)
    t.equal(ledger.counts(3 * S).outOfOrder, 1)
    ledger.posting(message('one of two', 4))
    ledger.posting(message('other of two', 4.05))
    ledger.answered('one of two', 201, 4.2 * S)
    ledger.answered('other of two', 201, 4.2 * S)
    for (const id of ['other of two', 'one of two']) ledger.arrived(id, 5 * S)
    t.equal(ledger.counts(6 * S).outOfOrder, 1, 'POSTs at the same time have no order')
  },
)

t.test('a newer message of the topic replaces those before', async (t) => {
  const ledger = new Ledger()
  const topic = { topic: 't', toConnected: false }
  accepted(ledger, message('old', 1, topic))
  accepted(ledger, message('other topic', 1, { topic: 'u', toConnected: false }))
  accepted(ledger, message('new', 2, topic))
  t.equal(ledger.outstanding(3 * S), 2)
  ledger.arrived('other topic', 3 * S)
  t.match(ledger.counts(3 * S), { replaced: 1, lost: 1, lostIds: ['new'] })
  ledger.arrived('old', 4 * S)
  t.match(ledger.counts(4 * S), { replaced: 0, delivered: 2, lost: 1 }, 'it may arrive before it is replaced')
})

t.test(
  'of messages of a topic at the same time either may be the newer one, but one has to arrive',
  async (t) => {
    for (const arriving of ['a', 'b', undefined]) {
      const ledger = new Ledger()
      ledger.posting(message('a', 1, { topic: 't' }))
      ledger.posting(message('b', 1.01, { topic: 't' }))
      for (const id of ['a', 'b']) ledger.answered(id, 201, 1.2 * S)
      if (arriving !== undefined) ledger.arrived(arriving, 2 * S)
      const expected = arriving === undefined ? { replaced: 1, lost: 1 } : { replaced: 1, lost: 0 }
      t.match(ledger.counts(3 * S), expected, String(arriving))
    }
  },
)

t.test('what was deleted is not due', async (t) => {
  const ledger = new Ledger()
  accepted(ledger, message('a', 1, { toConnected: false }))
  ledger.cancelled('a', 2 * S)
  t.equal(ledger.outstanding(2 * S), 0)
  t.match(ledger.counts(2 * S), { replaced: 1, lost: 0 })
})

t.test('settled messages are forgotten in the end, those on their way never', async (t) => {
  const ledger = new Ledger(new SettledMessages(10))
  accepted(ledger, message('open', 1))
  for (let number = 0; number < 30; number += 1) {
    accepted(ledger, message(`m${number}`, 1))
    ledger.arrived(`m${number}`, 2 * S)
  }
  ledger.arrived('m29', 3 * S)
  ledger.arrived('m20', 3 * S)
  t.match(ledger.counts(3 * S), { duplicated: 2, unrequested: 0 })
  ledger.arrived('m0', 3 * S)
  t.match(ledger.counts(3 * S), { duplicated: 2, unrequested: 1, lostIds: ['open'] })
})

t.test('of a ledger that hears nothing more only what is settled counts', async (t) => {
  const ledger = new Ledger()
  for (const id of ['delivered', 'lost', 'replaced', 'due', 'away', 'early'])
    ledger.posting(message(id, 1, { ttlS: 1, toConnected: id !== 'replaced' && id !== 'away' }))
  for (const id of ['delivered', 'lost', 'replaced']) ledger.answered(id, 201, 1.5 * S)
  ledger.arrived('delivered', 2 * S)
  ledger.sweep(4 * S)
  for (const id of ['due', 'away']) ledger.answered(id, 201, 4 * S)
  ledger.arrived('early', 4 * S)
  const { counts, open } = ledger.settled()
  t.equal(open, 3)
  t.match(counts, { posted: 3, accepted: 3, delivered: 1, lost: 1, replaced: 1, lostIds: ['lost'] })
  t.match(
    ledger.counts(4 * S),
    { posted: 6, accepted: 5, lost: 3 },
    'all others would be lost, if nothing more came',
  )
})
