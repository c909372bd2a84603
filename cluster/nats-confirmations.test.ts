import t from 'tap'
import { NatsConfirmations } from './nats-confirmations.ts'
import { settled } from './simulated-clock.ts'

/** A connection whose PONGs come when the test says so. */
function open() {
  const pongs: (() => void)[] = []
  const positions: number[] = []
  const confirmations = new NatsConfirmations((position) => positions.push(position))
  const connection = { flush: () => new Promise<void>((resolve) => pongs.push(resolve)) }
  const pong = async () => {
    pongs.shift()?.()
    await settled()
  }
  return { confirmations, connection, positions, pong, pings: () => pongs.length }
}

/** Notes which flushes have resolved. */
function noting(done: string[], name: string, flush: Promise<void>): void {
  flush.then(
    () => done.push(name),
    (error: Error) => done.push(`${name}: ${error.message}`),
  )
}

t.test('a flush has its PING at once; all who come meanwhile share the next one', async (t) => {
  const { confirmations, connection, pong, pings } = open()
  confirmations.up(connection)
  const done: string[] = []
  noting(done, 'first', confirmations.flush())
  for (const name of ['second', 'third', 'fourth']) noting(done, name, confirmations.flush())
  t.equal(pings(), 1)
  await pong()
  t.same(done, ['first'], 'the others may have sent something after the first PING')
  t.equal(pings(), 1)
  await pong()
  t.same(done, ['first', 'second', 'third', 'fourth'])
  t.equal(pings(), 0)
})

t.test('a PONG confirms what was published before its PING and nothing else', async (t) => {
  const { confirmations, connection, positions, pong } = open()
  confirmations.up(connection)
  confirmations.published(100)
  confirmations.confirmSoon()
  confirmations.published(30)
  confirmations.confirmSoon()
  t.equal(confirmations.unconfirmedBytes, 130)
  await pong()
  t.equal(confirmations.unconfirmedBytes, 30)
  t.same(positions, [100])
  confirmations.confirmSoon()
  await pong()
  t.equal(confirmations.unconfirmedBytes, 0)
  t.same(positions, [100, 130])
})

t.test('without a connection a flush rejects, and with its end all that wait', async (t) => {
  const { confirmations, connection, pong } = open()
  const done: string[] = []
  noting(done, 'before', confirmations.flush())
  confirmations.up(connection)
  noting(done, 'current', confirmations.flush())
  noting(done, 'next', confirmations.flush())
  confirmations.down()
  noting(done, 'after', confirmations.flush())
  await settled()
  const lost = 'the connection to NATS is lost'
  t.same(
    done.toSorted(),
    ['after', 'before', 'current', 'next'].map((name) => `${name}: ${lost}`),
  )
  await pong()
  t.equal(done.length, 4, 'a PONG of the old connection counts for nothing')
})

t.test('a new connection owes nothing, and positions go on', async (t) => {
  const { confirmations, connection, positions, pong } = open()
  confirmations.up(connection)
  confirmations.published(100)
  confirmations.confirmSoon()
  confirmations.down()
  confirmations.up(connection)
  t.equal(confirmations.unconfirmedBytes, 0)
  confirmations.published(5)
  t.equal(confirmations.position, 105)
  await pong()
  t.same(positions, [], 'the PONG of the old connection confirms nothing')
})
