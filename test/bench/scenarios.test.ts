import t, { type Test } from 'tap'
import type { BenchResult } from '../../bench/result/result.ts'
import { SCENARIOS } from '../../bench/scenarios/scenarios.ts'
import { ADMIN_TOKEN } from '../support/broadcast-admin.ts'
import { PATIENT } from '../support/patient.ts'
import { shortBench } from '../support/short-bench.ts'
import { startSingleSystem } from '../support/single-system.ts'
import type { System } from '../support/system.ts'

/** What a scenario must have found out of a server that keeps its word. */
type Expectation = (t: Test, result: BenchResult) => void

/** 40 are expected, and arrivals are random: fewer come once in five million runs. */
const FEWEST_POSTS = 12
/** Of the short form. */
const AGENTS = 30
const KEPT = { lost: 0, late: 0, unrequested: 0 }
/** Where connections are dropped, acknowledgements are, too, and what they were for comes again. */
const DROPPING = ['mixed', 'soak']

const EXPECTED: Readonly<Record<string, Expectation>> = {
  direct(t, { ledger, latencies, statuses, rates, durationS }) {
    t.ok(ledger.posted > FEWEST_POSTS, `${ledger.posted} messages`)
    t.equal(ledger.delivered, ledger.posted)
    t.equal(ledger.acknowledged, ledger.posted)
    t.same(statuses, { 201: ledger.posted })
    t.ok((latencies['post_to_notification']?.intended.count ?? 0) > FEWEST_POSTS)
    // A server that stands still may deliver all of them only after the measured phase.
    const inTime = Math.round((rates['delivered'] ?? Number.NaN) * durationS)
    t.ok(inTime >= 0 && inTime <= ledger.delivered, `${inTime} delivered in the measured phase`)
  },
  store(t, { ledger, latencies }) {
    t.ok(ledger.posted > FEWEST_POSTS, `${ledger.posted} messages`)
    t.equal(ledger.delivered, ledger.posted)
    t.notOk(latencies['post_to_notification'], 'nobody was connected')
    t.ok((latencies['drain']?.intended.count ?? 0) > 5, 'user agents got what waited for them')
  },
  topic(t, { ledger }) {
    t.ok(ledger.replaced > 0, `${ledger.replaced} replaced`)
    t.equal(ledger.delivered + ledger.replaced, ledger.accepted)
    t.ok(ledger.delivered <= 30 * 2, 'at most one of each topic')
  },
  mixed(t, { ledger, latencies }) {
    t.ok(ledger.posted > FEWEST_POSTS)
    t.ok(latencies['hello'], 'some came back')
  },
  soak: (t, { ledger }) => t.ok(ledger.posted > FEWEST_POSTS),
  idle(t, { rates, ledger, processes }) {
    t.equal(rates['connected'], 30)
    t.equal(ledger.posted, 0)
    t.match(processes, [{ name: 'serve', source: 'metrics', rssBytesPerConnection: Number }])
  },
  connect(t, { latencies }) {
    t.equal(latencies['hello']?.intended.count, 60, 'new, and known')
    t.equal(latencies['register']?.intended.count, 30, 'the new ones')
  },
  herd: (t, { latencies }) => t.equal(latencies['hello']?.intended.count, 30),
  broadcast(t, { latencies, counts }) {
    const changes = (counts['broadcasts answered 201'] ?? 0) + (counts['broadcasts answered 200'] ?? 0)
    t.ok(changes > 2, `${changes} changes`)
    // One that is overtaken by the next need not be told to anybody; the last one is told to all.
    const last = latencies['broadcast_last']?.intended.count ?? 0
    t.ok(last >= 1 && last <= changes, `${last} reached all user agents`)
    const [arrived = 0, overtaken = 0] = [
      counts['broadcasts that arrived'],
      counts['broadcasts that did not arrive'],
    ]
    t.equal(arrived + overtaken, changes * AGENTS)
  },
  dead(t, { statuses, counts, ledger, latencies }) {
    t.same(statuses, { 410: ledger.posted })
    t.equal(counts['POST to an ended subscription refused'], ledger.posted)
    t.equal(ledger.accepted, 0)
    t.ok((latencies['post_to_refusal']?.intended.count ?? 0) > FEWEST_POSTS)
  },
  reject(t, { statuses, counts, ledger }) {
    t.same(statuses, { 401: ledger.posted })
    t.equal(counts['bad token refused'], ledger.posted)
  },
}

/** Beyond the short form; in `mixed` some 28 user agents are expected to come back. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  topic: ['--agents', '10', '--topics', '2', '--duration', '3s'],
  mixed: ['--rate', '400', '--duration', '2s'],
  soak: ['--rate', '120'],
  broadcast: ['--rate', '3', '--admin-token', ADMIN_TOKEN, '--settle', '10s'],
}

// Each of them waits most of the time.
t.jobs = 4
let system: System
t.before(async () => {
  system = await startSingleSystem({ env: { PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN, ...PATIENT } })
})
t.teardown(() => system.stop())

t.same(Object.keys(EXPECTED).sort(), Object.keys(SCENARIOS).sort(), 'every scenario is tried')

for (const [name, expectation] of Object.entries(EXPECTED)) {
  t.test(`${name} on a real service`, { buffered: true }, async (t) => {
    const metrics = name === 'idle' ? ['--metrics', `serve=${system.httpUrl}/metrics`] : []
    const args = [name, '--url', system.wsUrl, '--fail-if', 'lost > 0', ...(FLAGS[name] ?? []), ...metrics]
    const result = await shortBench(args)
    t.match(result.ledger, KEPT, 'every accepted message arrived')
    t.match(result, { scenario: { name }, thresholds: [{ ok: true }] })
    t.same(result.errors, {}, 'nothing failed')
    if (!DROPPING.includes(name)) t.equal(result.ledger.duplicated, 0)
    expectation(t, result)
  })
}
