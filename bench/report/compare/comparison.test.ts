import t from 'tap'
import type { BenchResult } from '../../result/result.ts'
import { type SampleOptions, sampleResult } from '../fixtures/sample-result.ts'
import { type Comparison, compareResults } from './comparison.ts'
import { comparisonText } from './comparison-text.ts'

const RUNS = [1, 2, 3, 4, 5]

/** Five runs under one label. */
function five(label: string, firstSeed: number, options: SampleOptions = {}) {
  return RUNS.map((run) => ({
    file: `${label}-${run}.json`,
    result: sampleResult({ measuredS: 10, ...options, label, seed: firstSeed + run }),
  }))
}

const primary = ({ rows }: Comparison) => rows.filter((row) => row.primary)
const clear = (comparison: Comparison) =>
  comparison.rows
    .filter(({ differences }) => differences.some(({ isClear }) => isClear))
    .map(({ name }) => name)

t.test('five against five of the same: no significant difference', async (t) => {
  const comparison = compareResults([...five('a', 100), ...five('b', 200)])
  t.same(clear(comparison), [])
  t.same(comparison.findings, [
    'b against a: no significant difference in 7 primary measures (5 runs against 5).',
  ])
  t.same(comparison.warnings, [])
  t.same(
    primary(comparison).map(({ name }) => name),
    [
      'p50(post_to_2xx)',
      'p99(post_to_2xx)',
      'p50(post_to_notification)',
      'p99(post_to_notification)',
      'rate(delivered)',
      'cpu_per_delivered(server)',
      'rss(server)',
    ],
  )
})

t.test('ten percent slower is found, and so is what is faster, with an interval around it', async (t) => {
  const [fast, slow] = [five('fast', 300), five('slow', 400, { slowness: 1.1 })]
  for (const [runs, tone, word] of [
    [[...fast, ...slow], 'worse', 'slower'],
    [[...slow, ...fast], 'better', 'faster'],
  ] as const) {
    const comparison = compareResults(runs)
    const p50 = primary(comparison).find(({ name }) => name === 'p50(post_to_notification)')
    const [difference] = p50?.differences ?? []
    t.match(difference, {
      isClear: true,
      tone,
      words: new RegExp(`^\\d.* % ${word} \\(\\d.* to \\d.* %\\)$`),
    })
    const truth = word === 'slower' ? 1.1 : 1 / 1.1
    const [low = 0, high = 0] = difference?.interval ?? []
    t.ok(low < truth && truth < high, `${low} to ${high}`)
    t.match(comparison.findings[0], new RegExp(`p50\\(post_to_notification\\): .* ${word}`))
  }
})

t.test('the order of the files does not matter but for what comes first', async (t) => {
  const [a, b] = [five('a', 500), five('b', 600)]
  const inTurn = a.flatMap((run, index) => [run, ...b.slice(index, index + 1)])
  t.same(compareResults(inTurn).rows, compareResults([...a, ...b]).rows)
})

t.test('one run each: a ratio without an interval, and what is needed', async (t) => {
  const comparison = compareResults([...five('a', 700).slice(0, 1), ...five('b', 800).slice(0, 1)])
  t.match(comparison.warnings, [/one run only of a group: .* five of each/])
  t.match(comparison.findings, ['b against a: one run is not enough to tell a difference from chance.'])
  for (const { differences } of comparison.rows)
    t.match(differences, [{ interval: undefined, isClear: false, words: /^× [\d.]+, from one run$/ }])
})

t.test('files of one label stand for themselves', async (t) => {
  const { groups } = compareResults(five('a', 900).slice(0, 3))
  t.same(
    groups.map(({ name, runs }) => [name, runs.length]),
    [
      ['a-1.json', 1],
      ['a-2.json', 1],
      ['a-3.json', 1],
    ],
  )
  t.throws(() => compareResults(five('a', 1).slice(0, 1)), { message: /at least two results are needed/ })
})

t.test('three groups are each held against the first', async (t) => {
  const comparison = compareResults([
    ...five('a', 1000),
    ...five('b', 1100, { slowness: 1.3 }),
    ...five('c', 1200),
  ])
  const p50 = primary(comparison)[0]
  t.same(
    p50?.differences.map(({ tone }) => tone),
    ['worse', 'even'],
  )
  t.equal(comparison.findings.length, 2)
})

t.test('a fault that only one has is named, whatever chance says', async (t) => {
  const [a, b] = [five('a', 1300), five('b', 1400)]
  const [first, ...rest] = b
  const lossy = { file: 'lossy.json', result: sampleResult({ measuredS: 10, label: 'b', seed: 1, lost: 2 }) }
  t.ok(first)
  const { findings, facts } = compareResults([...a, lossy, ...rest])
  t.ok(findings.includes('lost: b has 2, a 0.'), findings.join())
  t.match(
    facts.find(({ name }) => name === 'lost'),
    { isFault: true, totals: [0, 2] },
  )
})

t.test('what makes a comparison doubtful is said first', async (t) => {
  const change = (run: { file: string; result: BenchResult }) => {
    run.result.scenario.options['agents'] = 5
    run.result.scenario.options['url'] = 'ws://elsewhere/'
    run.result.tool.cpus = '64 x Other'
    run.result.load.model = 'closed'
    run.result.generator.saturated = true
    return run
  }
  const comparison = compareResults([...five('a', 1500), ...five('b', 1600).map(change)])
  t.match(comparison.warnings.slice(0, 3), [
    /^Load models differ: \["open","poisson"\], \["closed","poisson"\]$/,
    /^Machines differ: .*64 x Other/,
    /^Options "agents" differ: 1000, 5$/,
  ])
  t.equal(comparison.warnings.filter((text) => text.includes('saturated')).length, 5)
  t.notOk(comparison.warnings.some((text) => text.includes('url')))
  t.match(comparisonText(comparison), /^ WARNING {2}Load models differ/)
})

t.test('in the terminal: no line longer than it, and nothing that steers it', async (t) => {
  const text = comparisonText(compareResults([...five('a', 1700), ...five('b\u001b[2J', 1800)]), {
    columns: 90,
    colours: false,
  })
  t.same(
    text.split('\n').filter((line) => line.length > 90),
    [],
  )
  t.notOk(text.includes('\u001b'))
  t.match(text, /p50\(post_to_2xx\) +\d+ µs +\d+ µs {2}no significant difference/)
})
