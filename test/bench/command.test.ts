import path from 'node:path'
import t from 'tap'
import { freePort } from '../../bench/lab/free-ports.ts'
import { SCENARIOS } from '../../bench/scenarios/scenarios.ts'
import { PATIENT } from '../support/patient.ts'
import { bench, benchRun } from '../support/short-bench-run.ts'
import { startSingleSystem } from '../support/single-system.ts'
import type { System } from '../support/system.ts'

// Each of them waits most of the time.
t.jobs = 4
let system: System
t.before(async () => {
  system = await startSingleSystem({ env: PATIENT })
})
t.teardown(() => system.stop())

t.test('list names every scenario, describe shows a plan that runs', { buffered: true }, async (t) => {
  const { stdout } = await bench(['list'])
  for (const name of Object.keys(SCENARIOS)) t.match(stdout, new RegExp(`^  ${name} `, 'm'))
  const described = await bench(['describe', 'direct'])
  t.equal(described.code, 0)
  const [, plan = ''] = described.stdout.split(/^(?=name: direct$)/m)
  const file = path.join(t.testdir({ 'copied.yaml': plan }), 'copied.yaml')
  const { code, result, stderr } = await benchRun([file, '--url', system.wsUrl])
  t.equal(code, 0, stderr)
  t.match(result, { scenario: { name: 'direct' } })
  t.equal(result?.ledger.lost, 0, 'every accepted message arrived')
})

t.test(
  'a plan of one’s own: a ramp, a closed loop, user agents that come and go',
  { buffered: true },
  async (t) => {
    const plan = `
name: my own
summary: all kinds of phases
agents: 20
channels: 2
phases:
  - do: connect
    rate: 100
    measured: true
  - name: ramp
    duration: 1s
    rate: { from: 10, to: 80 }
    actions: { post: 3, post-topic: 1, register: 1, unregister: 1 }
  - name: in turn
    duration: 500ms
    closed: 3
    actions: { post: 1 }
  - { do: disconnect, share: 0.5, how: close }
  - name: half of them away
    duration: 1s
    rate: 50
    arrivals: constant
    actions: { post: 2, post-offline: 2, connect-known: 1, disconnect: 1, connect-new: 1, retire: 1 }
`
    const file = path.join(t.testdir({ 'own.yaml': plan }), 'own.yaml')
    const { code, result, stderr } = await benchRun([file, '--url', system.wsUrl, '--agents', '20'])
    t.equal(code, 0, stderr)
    if (result === undefined) throw new Error(`no result: ${stderr}`)
    t.same(
      result.phases.map(({ name, measured }) => [name, measured]),
      [
        ['connect', true],
        ['ramp', true],
        ['in turn', true],
        ['disconnect', false],
        ['half of them away', true],
      ],
    )
    // Not how many came twice: where a connection ends, what was not acknowledged by then comes again.
    t.match(result, {
      load: { model: 'closed' },
      ledger: { unrequested: 0 },
      scenario: { name: 'my own' },
    })
    t.equal(result.ledger.lost, 0, 'every accepted message arrived')
    t.ok(
      (result.latencies['hello']?.intended.count ?? 0) > 20,
      'all that connected, and those that came back',
    )
    t.ok(result.ledger.posted > 20, `${result.ledger.posted} messages`)
    t.same(result.errors, {})
  },
)

t.test('Ctrl+C ends a run early, and there is a result', { buffered: true }, async (t) => {
  const args = ['soak', '--url', system.wsUrl, '--duration', '1h', '--warm-up', '0', '--agents', '10']
  let told = false
  const { code, result, stderr } = await benchRun(args, {
    onProgress(text, child) {
      if (told || !text.includes('soak')) return
      told = true
      child.kill('SIGINT')
    },
  })
  t.equal(code, 0, stderr)
  t.match(stderr, /ending early/)
  // A busy machine may have more to warn of.
  t.ok(result?.warnings.some((warning) => warning.code === 'ended-early'))
  t.equal(result?.ledger.lost, 0, 'every accepted message arrived')
  t.ok((result?.durationS ?? 3600) < 600)
})

t.test('what was given and changes nothing is said, and in the result', { buffered: true }, async (t) => {
  const args = ['idle', '--url', system.wsUrl, '--rate', '5', '--admin-token', 'x', '--warm-up', '1s']
  const { code, result, stderr } = await benchRun(args)
  t.equal(code, 0, stderr)
  const unused = ['--rate', '--warm-up', '--admin-token']
  t.same(
    result?.warnings.filter((warning) => warning.code === 'unused-option').map(({ text }) => text),
    unused.map((flag) => `${flag} changes nothing in this run`),
  )
  for (const flag of unused) t.match(stderr, `${flag} changes nothing in this run`)
})

t.test('a threshold that does not hold: exit code 1, and it is said which', { buffered: true }, async (t) => {
  const args = ['direct', '--url', system.wsUrl, '--fail-if', 'lost > 0', '--fail-if', 'posted > 3']
  const { code, stdout, stderr } = await benchRun(args)
  t.equal(code, 1)
  t.match(stdout, /^passed +lost > 0/m)
  t.match(stderr, /^FAILED +posted > 3/m)
})

t.test('what was used wrongly: exit code 2 and one line', { buffered: true }, async (t) => {
  for (const [args, message] of [
    [[], /say what to run: a scenario/],
    [['dirct'], /"dirct" is neither a scenario nor a file; did you mean direct\?/],
    [['describe', 'mixt'], /did you mean mixed\?/],
    [['direct', '--agents', 'many'], /--agents is "many": must be a whole number/],
    [['nowhere.yaml'], /there is no file nowhere\.yaml/],
    [['worker'], /pushgrid bench worker --nats URL/],
  ] as const) {
    const { code, stdout, stderr } = await bench(args)
    t.match(stderr, message)
    t.match(stderr, /^pushgrid bench: [^\n]+\n$/)
    t.match({ code, stdout }, { code: 2, stdout: '' })
  }
})

t.test(
  'a server that is not there, or another one: exit code 3, what was tried, and what to do',
  async (t) => {
    const url = `ws://127.0.0.1:${await freePort()}/`
    for (const [args, message] of [
      [['--url', url], new RegExp(`no server can be reached at ${url} \\(ECONNREFUSED\\): start one`)],
      [['--url', system.httpUrl.replace('http', 'ws')], /upgrade answered 404: is this the websocket side/],
      [
        ['--url', system.wsUrl, '--endpoint-origin', url.replace('ws', 'http')],
        /gives out endpoints like http.*PUSHGRID_PUBLIC_URL/,
      ],
      [['--url', system.wsUrl, '--pid', 'gone=4194303'], /process "gone" can't be measured/],
    ] as const) {
      const { code, stderr } = await bench(['direct', ...args])
      t.match(stderr, message)
      t.match(stderr, /^pushgrid bench: [^\n]+\n$/)
      t.equal(code, 3)
    }
  },
)

t.test('broadcasts need an admin API', { buffered: true }, async (t) => {
  const without = await bench(['broadcast', '--url', system.wsUrl])
  t.match(without, { code: 3, stderr: /give its token with --admin-token/ })
  const none = await bench(['broadcast', '--url', system.wsUrl, '--admin-token', 'of-nothing-at-all'])
  t.match(none, {
    code: 3,
    stderr: /has no admin API for broadcasts \(GET \/v1\/broadcasts is answered 404\)/,
  })
})
