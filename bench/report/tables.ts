import { type BenchResult, type Distribution, LATENCIES } from '../result/result.ts'
import { isLatencyName } from './measures.ts'
import { NOTHING, quantity } from './units.ts'

/** A table of what a run found out, made once and shown in the terminal and in HTML alike. */
export interface Table {
  readonly id: string
  readonly title: string
  /** Numbers stand to the right, so that their digits stand below one another. */
  readonly columns: readonly { readonly title: string; readonly numeric: boolean }[]
  readonly rows: readonly Row[]
  /** Shown where there are no rows. */
  readonly empty: string
}

/** A row of a table; `bad` where somebody should look at it. */
export interface Row {
  readonly cells: readonly string[]
  readonly bad?: boolean
  /** Where somebody may be pleased. */
  readonly good?: boolean
}

const text = (title: string) => ({ title, numeric: false })
const number = (title: string) => ({ title, numeric: true })
const count = (value: number) => quantity(value, 'count')

/** Every latency that occurred, from the intended and from the real time of sending. */
export function latencyTable(result: BenchResult): Table {
  const rows = Object.entries(result.latencies).flatMap(([name, { intended, service }]) => [
    { cells: [name, 'intended', ...latencyCells(intended)] },
    { cells: ['', 'service', ...latencyCells(service)] },
  ])
  return {
    id: 'latencies',
    title: 'Latencies',
    columns: [
      text('of'),
      text('since'),
      ...['count', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'].map(number),
    ],
    rows,
    empty: 'Nothing was timed.',
  }
}

function latencyCells({ count: times, meanMs, maxMs, percentilesMs }: Distribution): string[] {
  if (times === 0) return [count(0), ...new Array<string>(6).fill(NOTHING)]
  const [p50, p90, p99, p999] = ['p50', 'p90', 'p99', 'p99.9'].map((name) => percentilesMs[name])
  return [count(times), ...[meanMs, p50, p90, p99, p999, maxMs].map((ms) => quantity(ms, 'ms'))]
}

/** What became of each message; what should not be there is marked. */
export function ledgerTable({ ledger }: BenchResult): Table {
  const of = (value: number, whole: number) =>
    whole === 0 ? NOTHING : quantity((100 * value) / whole, 'percent')
  const row = (name: string, value: number, whole: number, meaning: string, bad = false): Row => ({
    cells: [name, count(value), of(value, whole), meaning],
    bad: bad && value > 0,
  })
  const { posted, accepted, delivered } = ledger
  return {
    id: 'ledger',
    title: 'What became of the messages',
    columns: [text('messages'), number('number'), number('share'), text('which are they')],
    rows: [
      row('posted', posted, posted, 'all that were sent'),
      row('accepted', accepted, posted, 'answered 2xx'),
      row('delivered', delivered, accepted, 'accepted, and arrived'),
      row('acknowledged', ledger.acknowledged, delivered, 'arrived, and acknowledged'),
      row(
        'replaced',
        ledger.replaced,
        accepted,
        'not due any more: a newer one of the topic, or the TTL over',
      ),
      row('duplicated', ledger.duplicated, delivered, 'arrivals beyond the first of a message', true),
      row('out of order', ledger.outOfOrder, delivered, 'after one of the channel that is younger', true),
      row('late', ledger.late, accepted, 'arrived after the end of the TTL', true),
      row('unrequested', ledger.unrequested, accepted, 'arrived, but refused or never sent', true),
      row('lost', ledger.lost, accepted, 'accepted, due, and never arrived', true),
    ],
    empty: '',
  }
}

/** Answers by status, Pushgrid's and autopush's errnos, and failures that are no answer. */
export function answersTable({ statuses, errnos, errors, counts, ledger }: BenchResult): Table {
  const rows = (what: string, found: Readonly<Record<string, number>>, isBad: (name: string) => boolean) =>
    Object.entries(found).map(([name, value]) => {
      const share = ledger.posted === 0 ? NOTHING : quantity((100 * value) / ledger.posted, 'percent')
      const shown = what === 'status' && name === '0' ? '0 (none came)' : name
      return { cells: [what, shown, count(value), what === 'count' ? '' : share], bad: isBad(name) }
    })
  return {
    id: 'answers',
    title: 'Answers and errors',
    columns: [text('what'), text('which'), number('number'), number('of POSTs')],
    rows: [
      ...rows('status', statuses, (status) => status === '0' || status.startsWith('5')),
      ...rows('errno', errnos, () => false),
      ...rows('error', errors, () => true),
      ...rows('count', counts, () => false),
    ],
    empty: 'Nothing was answered, and nothing failed.',
  }
}

/** CPU and memory of the server's processes. */
export function processTable({ processes, durationS }: BenchResult): Table {
  return {
    id: 'processes',
    title: 'Processes of the server',
    columns: [
      text('process'),
      text('from'),
      ...['CPU', 'per delivered', 'RSS at start', 'at end', 'most', 'per connection'].map(number),
    ],
    rows: processes.map((each) => ({
      cells: [
        each.name,
        each.source === 'pid' ? '/proc' : '/metrics',
        durationS > 0 ? quantity(each.cpuS / durationS, 'cores') : NOTHING,
        quantity(each.cpuUsPerDelivered, 'us'),
        ...[each.rssStartBytes, each.rssEndBytes, each.rssMaxBytes, each.rssBytesPerConnection].map((size) =>
          quantity(size, 'bytes'),
        ),
      ],
    })),
    empty: 'None was given: --pid NAME=PID or --metrics NAME=URL.',
  }
}

/** The load generator itself, worker by worker. */
export function generatorTable({ generator, durationS }: BenchResult): Table {
  return {
    id: 'generator',
    title: 'The load generator',
    columns: [
      text('worker'),
      ...['CPU', 'CPU, worst second', 'loop delay p99', 'memory'].map(number),
      text('end'),
    ],
    rows: generator.workers.map((worker) => ({
      cells: [
        worker.name,
        durationS > 0 ? quantity(worker.cpuS / durationS, 'cores') : NOTHING,
        quantity(worker.cpuShare * 100, 'percent'),
        quantity(worker.loopDelayP99Ms, 'ms'),
        quantity(worker.rssMaxBytes, 'bytes'),
        worker.lostAtS === undefined ? 'as told' : `lost after ${quantity(worker.lostAtS, 's')}`,
      ],
      bad: worker.lostAtS !== undefined || generator.saturated,
    })),
    empty: 'No worker told of itself.',
  }
}

/** What a latency is of, in words; the name itself where a scenario brought its own. */
export function latencyMeaning(name: string): string {
  return isLatencyName(name) ? LATENCIES[name] : name
}

/** What to say before any figure: the warnings of the run, and what its figures themselves warn of. */
export function warningsOf({ warnings, generator }: BenchResult): string[] {
  const texts = warnings.map(({ text }) => text)
  const says = (code: string) => warnings.some((warning) => warning.code.includes(code))
  if (generator.saturated && !says('saturated'))
    texts.unshift('The load generator was saturated: these are its figures rather than the server’s.')
  const lost = generator.workers.filter(({ lostAtS }) => lostAtS !== undefined)
  if (lost.length > 0 && !says('worker'))
    texts.unshift(`Lost during the run: ${lost.map(({ name }) => name).join(', ')}.`)
  return texts
}
