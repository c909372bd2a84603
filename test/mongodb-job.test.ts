import path from 'node:path'
import { MongoClient } from 'mongodb'
import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { databaseOf } from '../store/mongodb-client.ts'
import { type Job, wantJob } from '../store/mongodb-job.ts'
import { readUntil } from './support/becomes.ts'
import { LocalMongoServer } from './support/mongodb-server.ts'
import { SayingProcess } from './support/saying-process.ts'
import { SHORT_LEASE } from './support/short-lease.ts'

const POLL_MS = 20
const HOLDER = path.resolve(import.meta.dirname, 'support/job-holder.js')

const server = await LocalMongoServer.start()
t.teardown(() => server.stop())

/** Resolves when exactly one of these has the job; two at once fail the test. */
async function oneOf(jobs: readonly Job[]): Promise<Job> {
  for (;;) {
    const ours = jobs.filter(({ isOurs }) => isOurs)
    const [only] = ours
    if (ours.length > 1) throw new Error('two have the job')
    if (only !== undefined) return only
    await new Promise<void>((resolve) => void systemClock.after(POLL_MS, resolve))
  }
}

t.test('a job is done by one; by another when that one stops, or its lease ends', async (t) => {
  const url = server.freshUrl()
  const options = { ...SHORT_LEASE, url, purpose: 'garbage' as const }
  const jobs = ['a', 'b', 'c'].map((name) => wantJob({ ...options, holder: name, name }, systemClock))
  t.teardown(() => Promise.all(jobs.map((job) => job.stop())))
  const first = await oneOf(jobs)
  await first.stop()
  t.notOk(first.isOurs)
  const second = await oneOf(jobs)
  t.not(second, first)

  // As if another process had taken it over: whoever has it lets go, and nobody has it until that one is found dead.
  const mongo = new MongoClient(url)
  const leases = mongo.db(databaseOf(url)).collection('leases')
  await leases.updateOne({}, { $set: { holder: 'a process that dies now', renewals: 7 } })
  await mongo.close()
  while (second.isOurs) await new Promise<void>((resolve) => void systemClock.after(POLL_MS, resolve))
  t.ok((await oneOf(jobs)).isOurs)
})

t.test('when the process that has the job is killed another process takes it over, once', async (t) => {
  const url = server.freshUrl()
  const killed = new SayingProcess(t, HOLDER, url, 'killed')
  await killed.said('ours')
  const others = ['b', 'c'].map((name) => new SayingProcess(t, HOLDER, url, name))
  await Promise.all(others.map((other) => other.said('wanted')))
  killed.child.kill('SIGKILL')
  const successorsNow = () => others.filter(({ lines }) => lines.includes('ours'))
  await readUntil(successorsNow, ({ length }) => length > 0)
  t.notOk(killed.lines.includes('lost'), 'it had no time to let go')
  const successors = successorsNow()
  t.equal(successors.length, 1)

  const mongo = new MongoClient(url)
  const lease = await mongo.db(databaseOf(url)).collection('leases').findOne({})
  await mongo.close()
  t.match(lease, { name: others[0] === successors[0] ? 'b' : 'c' }, 'and operators see who')
})
