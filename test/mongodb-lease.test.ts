import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { MongoClient } from 'mongodb'
import t, { type Test } from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { databaseOf } from '../store/mongodb-client.ts'
import { takeLease } from '../store/mongodb-lease.ts'
import { LocalMongoServer } from './support/mongodb-server.ts'
import { UNHURRIED } from './support/patient.ts'
import { PushgridProcess } from './support/pushgrid-process.ts'
import { SayingProcess } from './support/saying-process.ts'
import { Sender, textOf } from './support/sender.ts'
import { SHORT_LEASE } from './support/short-lease.ts'
import { readStored, subscribed } from './support/subscribed.ts'

const HOLDER = path.resolve(import.meta.dirname, 'support/lease-holder.js')

const server = await LocalMongoServer.start()
t.teardown(() => server.stop())

/** A process that holds the lease, or tries to. */
const holder = (t: Test, url: string, name: string) => new SayingProcess(t, HOLDER, url, name)

t.test(
  'of processes that race one gets the lease; the others are told who, and one that asks later, too',
  async (t) => {
    const url = server.freshUrl()
    const holders = ['a', 'b', 'c'].map((name) => holder(t, url, name))
    await Promise.all(holders.map((each) => each.said(/^(?:taken|held by .*)$/)))
    const winners = holders.filter(({ lines }) => lines.includes('taken'))
    t.equal(winners.length, 1)
    const [winner] = winners
    const name = ['a', 'b', 'c'][winner === undefined ? -1 : holders.indexOf(winner)]
    for (const { lines } of holders.filter((each) => each !== winner))
      t.equal(lines.at(-1), `held by ${name}`)
    const later = holder(t, url, 'd')
    await later.said(`held by ${name}`)
  },
)

t.test('of two that wait for the end of one that was killed one gets the lease', async (t) => {
  const url = server.freshUrl()
  const killed = holder(t, url, 'killed')
  await killed.said('taken')
  killed.child.kill('SIGKILL')
  const next = ['a', 'b'].map((name) => holder(t, url, name))
  await Promise.all(next.map((holder) => holder.said(/^(?:taken|held by [ab])$/)))
  t.equal(next.filter(({ lines }) => lines.includes('taken')).length, 1)
  for (const { lines } of next) t.equal(lines[0], 'waiting for killed')
})

t.test('one that is released is free at once', async (t) => {
  const url = server.freshUrl()
  const first = holder(t, url, 'first')
  await first.said('taken')
  first.child.kill('SIGTERM')
  await first.said('released')
  const second = holder(t, url, 'second')
  await second.said('taken')
  t.same(second.lines, ['taken'], 'without waiting')
})

t.test('a holder that was paused for longer than the lease lets go when it wakes', async (t) => {
  const url = server.freshUrl()
  const paused = holder(t, url, 'paused')
  await paused.said('taken')
  paused.child.kill('SIGUSR2')
  await paused.said('is held: true')
  paused.child.kill('SIGSTOP')
  const next = holder(t, url, 'next')
  await next.said('taken')
  t.equal(next.lines[0], 'waiting for paused')
  paused.child.kill('SIGCONT')
  await paused.said(/^lost: /)
  t.equal(paused.lines.at(-2), 'is held: false')
  next.child.kill('SIGUSR2')
  await next.said('is held: true')
})

t.test('a holder whose database hangs lets go before another one may take the lease', async (t) => {
  const options = { ...SHORT_LEASE, url: server.freshUrl(), holder: 'h', name: 'h', onWaiting() {} }
  const taken = await takeLease(options, systemClock)
  if (taken.outcome !== 'taken') throw new Error(`held by ${taken.by}`)
  const { lease } = taken
  await server.pause()
  t.match(await lease.lost, /^it could not be renewed for \d+ ms$/)
  t.notOk(lease.isHeld)
  server.resume()
  await lease.release()
})

t.test(
  'pushgrid serve on MongoDB alone: stored messages survive it, and a second one is refused',
  async (t) => {
    const settings = {
      PUSHGRID_MONGODB_URL: server.freshUrl(),
      PUSHGRID_SERVICE_KEYS: randomBytes(32).toString('hex'),
      PUSHGRID_WS_PORT: '0',
      PUSHGRID_HTTP_PORT: '0',
      ...UNHURRIED,
    }
    const sender = new Sender()
    t.teardown(() => sender.close())
    const urls = async (served: PushgridProcess) => {
      const { wsPort, httpPort } = await served.listening
      return { wsUrl: `ws://127.0.0.1:${wsPort}/`, httpUrl: `http://127.0.0.1:${httpPort}` }
    }

    const first = new PushgridProcess('serve', settings)
    const { client, uaid, endpoint } = await subscribed((await urls(first)).wsUrl)
    await client.close()
    t.equal((await sender.post(endpoint, { text: 'waiting' })).status, 201)
    const second = new PushgridProcess('serve', settings)
    await t.rejects(second.listening, { message: /ended \(1\)/ })
    const refusal = second.output.split('\n').filter((line) => line.startsWith('pushgrid: '))
    t.equal(refusal.length, 1)
    t.match(refusal[0], `the database is in use by pushgrid, process ${first.pid} on `)
    t.same(await first.kill('SIGTERM'), { code: 0, signal: null })

    const third = new PushgridProcess('serve', settings)
    const { wsUrl, httpUrl } = await urls(third)
    t.same(
      third.lines('the database has been used by another process: is it gone?'),
      [],
      'the lease was free',
    )
    const agent = { uaid, endpoint: new URL(new URL(endpoint).pathname, httpUrl).href }
    const { client: later, stored } = await readStored(wsUrl, agent, sender)
    t.same(stored.map(textOf), ['waiting'])

    const mongo = new MongoClient(settings.PUSHGRID_MONGODB_URL)
    const leases = mongo.db(databaseOf(settings.PUSHGRID_MONGODB_URL)).collection('leases')
    await leases.updateOne({}, { $set: { holder: 'somebody else' } })
    await mongo.close()
    const line = await third.logged('this process must not go on', 1)
    t.match(line['reason'], 'the lease of the database is lost: another process has it')
    t.same(await third.kill('SIGCONT'), { code: 1, signal: null })
    await later.closed
  },
)
