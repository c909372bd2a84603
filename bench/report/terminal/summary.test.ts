import t from 'tap'
import { sampleResult } from '../fixtures/sample-result.ts'
import { parseThreshold } from '../threshold-syntax.ts'
import { judge } from '../thresholds.ts'
import { terminalOf } from './style.ts'
import { summaryText } from './summary.ts'

const sample = (lost = 0) => sampleResult({ measuredS: 10, lost })

t.test('warnings come first and loud', async (t) => {
  const result = sample()
  result.generator.saturated = true
  result.warnings.push({ code: 'open-files', text: 'Only 1,024 files may be open.' })
  t.match(
    summaryText(result),
    /^ WARNING {2}The load generator was saturated: .*\n(?: {10}.*\n)* WARNING {2}Only 1,024 files may be open\.\n/,
  )
  t.ok(summaryText(result, { columns: 80, colours: true }).startsWith('\u001b[1;30;43m WARNING '))
})

t.test('tables are aligned, and have units', async (t) => {
  const lines = summaryText(sample()).split('\n')
  const head = lines.find((line) => line.includes('p99.9')) ?? ''
  const first = lines.find((line) => line.startsWith('  post_to_2xx')) ?? ''
  t.equal(first.length, head.length)
  t.match(first, /^ {2}post_to_2xx +intended +[\d,]+ +[\d.]+ ms +\d+ µs/)
})

t.test('lost messages are named, ten of them', async (t) => {
  const text = summaryText(sample(12))
  t.match(
    text,
    /lost +12 +[\d.]+ % +accepted, due, and never arrived\n {2}lost ids: (?:1-0-\d+\s+){10}and 2 more/,
  )
  t.notMatch(summaryText(sample()), /lost ids/)
})

t.test('thresholds end it, and say what they found', async (t) => {
  const result = sample(1)
  result.thresholds = judge(result, ['lost > 0', 'rss(server) > 1GB'].map(parseThreshold))
  t.match(
    summaryText(result),
    /\nThresholds\n {2}FAILED {2}lost > 0 {2}\(it was 1\)\n {2}passed {2}rss\(server\) > 1GB {2}\(it was 0\.123 GB\)\n$/,
  )
})

t.test('what came from outside does not steer the terminal', async (t) => {
  const result = sample()
  result.label = 'bad\u001b]0;title\u0007'
  result.errors['\u001b[31mreset'] = 1
  result.target.server = 'x\r\ny'
  const text = summaryText(result, { columns: 60, colours: false })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f]/)
  t.match(text, /bad\\x1b]0;title\\x07/)
  t.same(
    text.split('\n').filter((line) => line.length > 60),
    [],
  )
})

t.test('what a terminal is', async (t) => {
  const tty = { isTTY: true, columns: 120 }
  t.same(terminalOf(tty, { TERM: 'xterm' }), { columns: 120, colours: true })
  t.same(terminalOf(tty, { NO_COLOR: '1' }), { columns: 120, colours: false })
  t.same(terminalOf(tty, { NO_COLOR: '' }), { columns: 120, colours: true })
  t.same(terminalOf(tty, { TERM: 'dumb' }), { columns: 120, colours: false })
  t.same(terminalOf({}, {}), { columns: 100, colours: false })
})
