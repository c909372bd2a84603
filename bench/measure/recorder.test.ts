import t from 'tap'
import { liveView } from './live.ts'
import { Recorder } from './recorder.ts'

const MS = 1000
const S = 1e6

function recorderAt(startUs: number) {
  const time = { nowUs: startUs }
  return { time, recorder: new Recorder(() => time.nowUs) }
}

function post(recorder: Recorder, id: string, intendedUs: number, sentUs = intendedUs): void {
  recorder.posting({ id, channel: 'c', ttlS: 60, toConnected: true, intendedUs, sentUs })
}

t.test('latencies are those of requests that were meant to be sent in the measured phases', async (t) => {
  const { time, recorder } = recorderAt(0)
  for (const [id, phase] of [
    ['before', 1],
    ['in', 3],
    ['between', 5],
    ['again', 7],
    ['after', 9],
  ] as const) {
    if (id === 'in' || id === 'again') recorder.start((phase - 1) * S)
    post(recorder, id, phase * S, phase * S + 5 * MS)
    if (id === 'in' || id === 'again') recorder.stop((phase + 1) * S)
    recorder.answered(id, 201, undefined, phase * S + 20 * MS)
    recorder.arrived(id, phase * S + 30 * MS)
  }
  time.nowUs = 20 * S
  const { latencies, ledger, measured, statuses, measuredUs } = recorder.snapshot()
  t.equal(measuredUs, 4 * S)
  t.match(latencies['post_to_2xx'], {
    intended: { count: 2, minUs: 20 * MS, maxUs: 20 * MS },
    service: { count: 2, minUs: 15 * MS, maxUs: 15 * MS },
  })
  t.match(latencies['post_to_notification'], { intended: { count: 2, maxUs: 30 * MS } })
  t.match(measured, { posted: 2, accepted: 2, delivered: 2, sends: 2 })
  t.match(ledger, { posted: 5, delivered: 5 }, 'the ledger is about the whole run')
  t.same(statuses, { 201: 5 })
})

t.test('only user agents that were connected at both ends are timed', async (t) => {
  const { recorder } = recorderAt(0)
  recorder.start()
  post(recorder, 'stays', 1 * S)
  recorder.posting({ id: 'leaves', channel: 'd', ttlS: 60, toConnected: true, intendedUs: S, sentUs: S })
  recorder.posting({ id: 'is away', channel: 'e', ttlS: 60, toConnected: false, intendedUs: S, sentUs: S })
  recorder.offline('d')
  for (const id of ['stays', 'leaves', 'is away']) recorder.arrived(id, 2 * S)
  t.equal(recorder.snapshot().latencies['post_to_notification']?.intended.count, 1)
})

t.test('what the generator sends late is counted', async (t) => {
  const { recorder } = recorderAt(0)
  recorder.start()
  post(recorder, 'in time', 1 * S, 1 * S + 9 * MS)
  post(recorder, 'late', 1 * S, 1 * S + 11 * MS)
  t.match(recorder.snapshot().measured, { sends: 2, lateSends: 1 })
})

t.test('answers, errnos, failures and whatever else are counted', async (t) => {
  const { recorder } = recorderAt(0)
  recorder.start()
  for (const [id, status, errno] of [
    ['a', 503, 202],
    ['b', 410, 106],
    ['c', 0, undefined],
  ] as const) {
    post(recorder, id, S)
    recorder.answered(id, status, errno, S)
  }
  recorder.failed('timeout')
  recorder.count('retried', 3)
  const { statuses, errnos, errors, counts, measured } = recorder.snapshot()
  t.same(
    { statuses, errnos, errors, counts },
    {
      statuses: { 503: 1, 410: 1, 0: 1 },
      errnos: { 202: 1, 106: 1 },
      errors: { timeout: 1 },
      counts: { retried: 3 },
    },
  )
  t.equal(measured['errors'], 3)
})

t.test('the live view tells totals, and latencies since it was looked at last', async (t) => {
  const { recorder } = recorderAt(0)
  recorder.connected(1)
  post(recorder, 'a', 0)
  recorder.answered('a', 201, undefined, 4 * MS)
  t.match(recorder.live(), {
    posted: 1,
    accepted: 1,
    connected: 1,
    latencies: { post_to_2xx: { count: 1, p50Ms: 4, maxMs: 4 } },
  })
  t.match(recorder.live(), { posted: 1, latencies: { post_to_2xx: undefined } })
  post(recorder, 'b', 0)
  recorder.answered('b', 201, undefined, 6 * MS)
  const sample = recorder.liveSample()
  t.match(liveView([sample, sample]), { posted: 4, latencies: { post_to_2xx: { count: 2, maxMs: 6 } } })
})
