import fc from 'fast-check'
import t from 'tap'
import { sampleResult } from './fixtures/sample-result.ts'
import { ReportError } from './report-error.ts'
import { parseThreshold } from './threshold-syntax.ts'
import { judge, verdictLine } from './thresholds.ts'

const result = sampleResult({ measuredS: 10, lost: 3 })
const verdicts = (...expressions: string[]) => judge(result, expressions.map(parseThreshold))
const values = (...expressions: string[]) => verdicts(...expressions).map(({ value }) => value)

t.test('what an expression may be, and what it is read as', async (t) => {
  const cases: [string, unknown, string, number][] = [
    ['p99(post_to_notification) > 20ms', { kind: 'latency', at: 99, side: 'intended' }, 'ms', 20],
    [' p99.9( hello )>=1.5 s ', { kind: 'latency', at: 99.9, of: 'hello' }, 's', 1.5],
    ['service.max(post_to_2xx) > 100us', { kind: 'latency', at: 'max', side: 'service' }, 'us', 100],
    ['mean(drain) < 2µs', { kind: 'latency', at: 'mean', of: 'drain' }, 'us', 2],
    ['lost > 0', { kind: 'ledger', of: 'lost' }, '', 0],
    ['out_of_order > 0.1%', { kind: 'ledger', of: 'out_of_order' }, '%', 0.1],
    ['rate(delivered) < 1_000', { kind: 'rate', of: 'delivered' }, '', 1000],
    ['rate(posted) < 1e3/s', { kind: 'rate', of: 'posted' }, '/s', 1000],
    ['status(503) > 0', { kind: 'status', of: '503' }, '', 0],
    ['status(5xx) > 1%', { kind: 'status', of: '5xx' }, '%', 1],
    ['errno(201) > 0', { kind: 'errno', of: '201' }, '', 0],
    ['errors != 0', { kind: 'errors', of: undefined }, '', 0],
    ['errors(connection reset) > 0', { kind: 'errors', of: 'connection reset' }, '', 0],
    ['rss(my-server:1) > 200MB', { kind: 'process', what: 'rss', of: 'my-server:1' }, 'MB', 200],
    ['cpu_per_delivered(node) > 60us', { kind: 'process', what: 'cpuPerDelivered' }, 'us', 60],
    ['cpu(node) > 80%', { kind: 'process', what: 'cpu' }, '%', 80],
    ['max(hello) > 0', { kind: 'latency', at: 'max' }, '', 0],
  ]
  for (const [expression, measure, suffix, limit] of cases)
    t.match(parseThreshold(expression), { measure, suffix, limit, expression }, expression)
})

t.test('what is wrong, where, and what would be right', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /character 1: a measure such as .* is expected, not the end$/],
    ['p99 > 20ms', /character 5: "\(" and the name of a latency is expected, not "> 20ms"$/],
    ['p99(post_to_notifcation) > 20ms', /character 5: .* did you mean post_to_notification\?$/],
    ['p99(hello > 20ms', /character 17: "\)" is expected, not the end$/],
    ['p101(hello) > 20ms', /from p0 to p100, not p101$/],
    ['losst > 0', /character 1: "losst" is no measure; did you mean lost\?$/],
    ['lost(all) > 0', /character 5: lost has no parentheses$/],
    ['service.lost > 0', /character 9: after "service." a percentile, min, mean or max is expected$/],
    ['lost = 0', /character 6: one of > >= < <= == != is expected, not "= 0"$/],
    ['lost > many', /character 8: a number is expected, not "many"$/],
    ['p99(hello) > 20', /character 16: the unit is missing: a time .* is expected$/],
    ['p99(hello) > 20MB', /character 16: "MB" does not fit, a time .* is expected$/],
    ['p99(hello) > 20msec', /character 16: "msec" does not fit, a time .* is expected$/],
    ['p99(hello) > 20%', /only counts and cpu can be given in %$/],
    ['lost > 5ms', /"ms" does not fit, a number without a unit is expected$/],
    ['lost > 0 or so', /character 10: "or" does not fit, a number without a unit is expected$/],
    ['lost > 0% 1', /character 11: the end is expected, not "1"$/],
    ['rate(lost) > 0', /"lost" is no rate; there are posted, accepted/],
    ['rate > 0', /"\(" and a name, as in rate\(delivered\) is expected/],
    ['status(999) > 0', /a status such as 503 or 5xx is expected$/],
    ['errno(x) > 0', /an errno such as 110 is expected$/],
  ]
  for (const [expression, message] of cases) {
    t.throws(() => parseThreshold(expression), { message, name: 'ReportError' }, expression)
  }
})

t.test('whatever is written, it is read or refused in one line', async (t) => {
  const words = fc.constantFrom(
    'p99',
    'lost',
    '(',
    ')',
    'hello',
    '>',
    '20',
    'ms',
    '%',
    'service.',
    ' ',
    'rss',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((all) => all.join('')),
      ),
      (text) => {
        try {
          return parseThreshold(text).expression === text
        } catch (error) {
          return error instanceof ReportError && error.message.startsWith('threshold "')
        }
      },
    ),
  )
  t.pass('no other error')
})

t.test('values are in the unit that is written', async (t) => {
  const [us, ms, bare] = values('max(hello) > 1us', 'max(hello) > 1ms', 'max(hello) > 0')
  t.equal(us, (ms ?? 0) * 1000)
  t.equal(bare, ms)
  t.same(values('rss(server) > 1MB', 'rss_per_connection(server) > 1kB'), [
    (result.processes[0]?.rssMaxBytes ?? 0) / 1e6,
    4.4,
  ])
  t.same(values('lost > 0', 'lost > 0%'), [3, 300 / result.ledger.accepted])
  t.same(values('status(503) > 0', 'status(5xx) > 0', 'status(404) > 0', 'errors > 0'), [2, 2, 0, 1])
  t.same(values('cpu_per_delivered(generator) > 1us'), [145])
})

t.test('a percentile that is not among the named ones comes from the histogram', async (t) => {
  const [p95, p96, p99] = values('p95(hello) > 0', 'p96.5(hello) > 0', 'p99(hello) > 0')
  t.ok((p95 ?? 0) <= (p96 ?? 0) && (p96 ?? 0) <= (p99 ?? 0) && (p96 ?? 0) > 0)
})

t.test('it fails when the expression is true, and when its measure did not occur', async (t) => {
  const expressions = ['lost > 0', 'lost > 3', 'lost >= 3', 'lost < 4', 'lost <= 2', 'lost == 3', 'lost != 3']
  t.same(
    verdicts(...expressions).map(({ ok }) => ok),
    [false, true, false, false, true, false, true],
  )
  t.same(verdicts('max(drain) < 1s', 'rss(nobody) < 1MB', 'count(nothing) > 0'), [
    { expression: 'max(drain) < 1s', value: null, ok: false },
    { expression: 'rss(nobody) < 1MB', value: null, ok: false },
    { expression: 'count(nothing) > 0', value: null, ok: false },
  ])
})

t.test('a verdict says which expression and its value', async (t) => {
  t.same(verdicts('lost > 0', 'rss(server) > 200MB', 'max(drain) > 1s').map(verdictLine), [
    'FAILED  lost > 0  (it was 3)',
    'passed  rss(server) > 200MB  (it was 123 MB)',
    'FAILED  max(drain) > 1s  (its measure did not occur in this run)',
  ])
})
