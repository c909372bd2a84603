import { nearest } from '../../cluster/nearest.ts'
import { LATENCIES } from '../result/result.ts'
import {
  isLatencyName,
  isLedgerCount,
  LEDGER_COUNTS,
  type Measure,
  type ProcessFigure,
  type Statistic,
  unitOf,
} from './measures.ts'
import { ReportError } from './report-error.ts'
import type { Unit } from './units.ts'

/** A comparison of a measure with a limit. */
export type Operator = '>' | '>=' | '<' | '<=' | '==' | '!='

/** When a run has failed, as `--fail-if` says it. */
export interface Threshold {
  /** As the user wrote it. */
  readonly expression: string
  readonly measure: Measure
  readonly operator: Operator
  /** In the unit that it is written in. */
  readonly limit: number
  /** What it is written in, such as `us`; empty where it is a bare number. */
  readonly suffix: string
  /** How many of the measure's own units one of `suffix` is; `share` where it is a percentage of a whole. */
  readonly scale: number | 'share'
}

/** For each suffix the units of measures it can be compared with, and how many of them it is. */
const SUFFIXES: Readonly<Record<string, Partial<Record<Unit, number>>>> = {
  ns: { ms: 1e-6, us: 1e-3 },
  us: { ms: 1e-3, us: 1 },
  ms: { ms: 1, us: 1e3 },
  s: { ms: 1e3, us: 1e6 },
  min: { ms: 6e4, us: 6e7 },
  B: { bytes: 1 },
  kB: { bytes: 1e3 },
  MB: { bytes: 1e6 },
  GB: { bytes: 1e9 },
  '/s': { perS: 1 },
}

const SUFFIXES_OF: Partial<Record<Unit, string>> = {
  ms: 'a time (ns, us, ms, s or min)',
  us: 'a time (ns, us, ms, s or min)',
  bytes: 'a size (B, kB, MB or GB)',
}

const PROCESS_FIGURES: Readonly<Record<string, ProcessFigure>> = {
  rss: 'rss',
  rss_per_connection: 'rssPerConnection',
  cpu: 'cpu',
  cpu_per_delivered: 'cpuPerDelivered',
}
const RATES = ['posted', 'accepted', 'delivered', 'connected']
const FUNCTIONS = ['p50', 'p95', 'p99', 'p99.9', 'min', 'mean', 'max', 'rate', 'status', 'errno', 'count']
const BARE = [...Object.keys(LEDGER_COUNTS), 'errors', 'warnings']
const WORDS = [...FUNCTIONS, ...Object.keys(PROCESS_FIGURES), ...BARE]

/**
 * Reads an expression such as `p99(post_to_notification) > 20ms` or `lost > 0`: a run for which it is true has failed.
 * @throws ReportError of one line: where in the expression, what was expected, and perhaps what was meant
 */
export function parseThreshold(expression: string): Threshold {
  const reader = new Reader(expression)
  const measure = readMeasure(reader)
  const operator = readOperator(reader)
  const limit = readNumber(reader)
  const { suffix, scale } = readSuffix(reader, unitOf(measure), limit)
  reader.end()
  return { expression, measure, operator, limit, suffix, scale }
}

function readMeasure(reader: Reader): Measure {
  const service = reader.take(/service\s*\.\s*/y) !== undefined
  const at = reader.position()
  const word = reader.take(/[A-Za-z][A-Za-z0-9_]*(?:\.\d+)?/y)
  if (word === undefined) throw reader.expected('a measure such as p99(post_to_notification) or lost')
  const argument = readArgument(reader)
  const statistic = statisticOf(word)
  if (statistic !== undefined) return latency(reader, statistic, service, argument)
  if (service) throw reader.wrong(at, 'after "service." a percentile, min, mean or max is expected')
  return otherMeasure(reader, { word, at }, argument)
}

interface Argument {
  readonly text: string
  readonly at: number
}

/** What stands between parentheses, if they follow. */
function readArgument(reader: Reader): Argument | undefined {
  if (reader.take(/\(\s*/y) === undefined) return undefined
  const at = reader.position()
  const text = reader.take(/[^()]*/y)?.trim() ?? ''
  if (reader.take(/\)/y) === undefined) throw reader.expected('")"')
  return { text, at }
}

function statisticOf(word: string): Statistic | undefined {
  if (word === 'min' || word === 'mean' || word === 'max') return word
  const percent = /^p(\d+(?:\.\d+)?)$/.exec(word)?.[1]
  return percent === undefined ? undefined : Number(percent)
}

function latency(reader: Reader, at: Statistic, service: boolean, argument: Argument | undefined): Measure {
  if (typeof at === 'number' && at > 100)
    throw reader.wrong(0, `a percentile is expected, from p0 to p100, not p${at}`)
  if (argument === undefined) throw reader.expected('"(" and the name of a latency')
  if (!isLatencyName(argument.text)) throw unknown(reader, 'latency', argument, Object.keys(LATENCIES))
  return { kind: 'latency', of: argument.text, side: service ? 'service' : 'intended', at }
}

function otherMeasure(
  reader: Reader,
  { word, at }: { word: string; at: number },
  argument: Argument | undefined,
): Measure {
  if (isLedgerCount(word) || word === 'warnings') {
    if (argument !== undefined) throw reader.wrong(argument.at - 1, `${word} has no parentheses`)
    return word === 'warnings' ? { kind: 'warnings' } : { kind: 'ledger', of: word }
  }
  if (word === 'errors') return { kind: 'errors', of: argument?.text || undefined }
  const what = PROCESS_FIGURES[word]
  if (what === undefined && !['rate', 'status', 'errno', 'count'].includes(word))
    throw unknown(reader, 'measure', { text: word, at }, WORDS)
  if (argument === undefined || argument.text === '')
    throw reader.expected(`"(" and a name, as in ${word}(${EXAMPLES[word] ?? 'NAME'})`)
  if (what !== undefined) return { kind: 'process', of: argument.text, what }
  return byArgument(reader, word, argument)
}

const EXAMPLES: Readonly<Record<string, string>> = { rate: 'delivered', status: '503', errno: '110' }

function byArgument(reader: Reader, word: string, argument: Argument): Measure {
  const { text, at } = argument
  switch (word) {
    case 'rate':
      if (!RATES.includes(text)) throw unknown(reader, 'rate', argument, RATES)
      return { kind: 'rate', of: text }
    case 'status':
      if (!/^(0|[1-5]\d\d|[1-5]xx)$/.test(text))
        throw reader.wrong(at, 'a status such as 503 or 5xx is expected')
      return { kind: 'status', of: text }
    case 'errno':
      if (!/^\d+$/.test(text)) throw reader.wrong(at, 'an errno such as 110 is expected')
      return { kind: 'errno', of: text }
    default:
      return { kind: 'count', of: text }
  }
}

function readOperator(reader: Reader): Operator {
  const found = reader.take(/>=|<=|==|!=|>|</y)
  switch (found) {
    case '>':
    case '>=':
    case '<':
    case '<=':
    case '==':
    case '!=':
      return found
    default:
      throw reader.expected('one of > >= < <= == !=')
  }
}

function readNumber(reader: Reader): number {
  const text = reader.take(/\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+/y)
  if (text === undefined) throw reader.expected('a number')
  return Number(text.replaceAll('_', ''))
}

function readSuffix(
  reader: Reader,
  unit: Unit,
  limit: number,
): { suffix: string; scale: Threshold['scale'] } {
  const at = reader.position()
  const written = reader.take(/%|\/?[A-Za-zµμ]+/y) ?? ''
  const suffix = written.replace(/[µμ]/, 'u')
  if (suffix === '%') {
    if (unit !== 'count' && unit !== 'cores') throw reader.wrong(at, 'only counts and cpu can be given in %')
    return { suffix, scale: 'share' }
  }
  const wanted = SUFFIXES_OF[unit]
  if (suffix === '' && (wanted === undefined || limit === 0)) return { suffix, scale: 1 }
  if (suffix === '') throw reader.wrong(at, `the unit is missing: ${wanted} is expected`)
  const scale = SUFFIXES[suffix]?.[unit]
  if (scale === undefined)
    throw reader.wrong(at, `"${written}" does not fit, ${wanted ?? 'a number without a unit'} is expected`)
  return { suffix, scale }
}

function unknown(
  reader: Reader,
  what: string,
  { text, at }: Argument,
  candidates: readonly string[],
): ReportError {
  const near = nearest(text, candidates)
  const advice = near === undefined ? `there are ${candidates.join(', ')}` : `did you mean ${near}?`
  return reader.wrong(at, `"${text}" is no ${what}; ${advice}`)
}

/** Reads a text from left to right, past blanks, and knows where it is. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#skipBlanks()
  }

  /** What matches here, and goes past it. */
  take(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text)?.[0]
    if (found === undefined) return undefined
    this.#at += found.length
    this.#skipBlanks()
    return found
  }

  position(): number {
    return this.#at
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.expected('the end')
  }

  expected(what: string): ReportError {
    const rest = this.#text.slice(this.#at)
    return this.wrong(this.#at, `${what} is expected, not ${rest === '' ? 'the end' : `"${rest}"`}`)
  }

  wrong(at: number, what: string): ReportError {
    return new ReportError(`threshold "${this.#text}", character ${at + 1}: ${what}`)
  }

  #skipBlanks(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at += 1
  }
}
