import t from 'tap'
import { NatsOutbox } from './nats-outbox.ts'
import { SimulatedClock } from './simulated-clock.ts'

t.test('what a turn brings is published in order at its end', async (t) => {
  const { clock, outbox, published } = setUp()
  outbox.add('a', bytesOf('1'), 'reply')
  outbox.add('b', bytesOf('2'), undefined)
  t.strictSame(published, [])
  clock.advance(0)
  t.strictSame(published, ['a 1 reply', 'b 2'])
  outbox.add('a', bytesOf('3'), undefined)
  clock.advance(0)
  t.strictSame(published, ['a 1 reply', 'b 2', 'a 3'], 'the next turn has its own')
  t.equal(clock.waiting, 0)
})

t.test('what must come before something else is published at once, and once only', async (t) => {
  const { clock, outbox, published } = setUp()
  outbox.add('a', bytesOf('1'), undefined)
  outbox.send()
  t.strictSame(published, ['a 1'])
  outbox.add('a', bytesOf('2'), undefined)
  clock.advance(0)
  t.strictSame(published, ['a 1', 'a 2'])
})

t.test('what is too large for the server is refused, and nothing else suffers', async (t) => {
  const { clock, outbox, published } = setUp()
  outbox.add('a', bytesOf('12345678'), undefined)
  t.throws(() => outbox.add('a', bytesOf('123456789'), undefined), {
    name: 'RangeError',
    message: /max_payload/,
  })
  clock.advance(0)
  t.strictSame(published, ['a 12345678'])
})

t.test('what the client refuses is told, and the others are published', async (t) => {
  const { clock, outbox, published, failed } = setUp()
  for (const subject of ['a', 'refused', 'b']) outbox.add(subject, bytesOf('1'), undefined)
  clock.advance(0)
  t.strictSame(published, ['a 1', 'b 1'])
  t.strictSame(failed, ['refused'])
})

t.test('on a connection that has ended nothing is published, and nobody complains', async (t) => {
  const { clock, outbox, connection, published, failed } = setUp()
  outbox.add('a', bytesOf('1'), undefined)
  connection.closed = true
  clock.advance(0)
  t.strictSame([published, failed], [[], []])
})

/** A connection that takes 8 bytes at most and refuses one subject. */
function setUp() {
  const clock = new SimulatedClock()
  const published: string[] = []
  const failed: string[] = []
  const connection = {
    closed: false,
    isClosed() {
      return this.closed
    },
    publish(subject: string, payload: unknown, options?: { reply?: string }) {
      if (subject === 'refused') throw new Error('refused')
      published.push([subject, String(payload), options?.reply].filter(Boolean).join(' '))
    },
    info: { max_payload: 8 },
  }
  const outbox = new NatsOutbox(connection, clock, (_, subject) => failed.push(subject))
  return { clock, outbox, connection, published, failed }
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text)
}
