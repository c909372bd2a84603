import { mainLatencies } from '../key-figures.ts'
import { errorsTotal, GENERATOR } from '../measures.ts'
import { ReportError } from '../report-error.ts'
import type { ResultFile } from '../result-file.ts'
import { warningsOf } from '../tables.ts'

/** Runs of one thing, repeated. */
export interface Group {
  readonly name: string
  readonly runs: readonly [ResultFile, ...ResultFile[]]
}

/**
 * Makes groups of results: those of one label are repeated runs. Where all have the same label each file stands for itself.
 * @throws ReportError when there are not two things to compare, or they can't be
 */
export function groupRuns(files: readonly ResultFile[]): Group[] {
  if (files.length < 2) throw new ReportError('compare: at least two results are needed')
  const labels = new Map<string, [ResultFile, ...ResultFile[]]>()
  for (const file of files) {
    const known = labels.get(file.result.label)
    if (known === undefined) labels.set(file.result.label, [file])
    else known.push(file)
  }
  if (labels.size > 1) return [...labels].map(([name, runs]) => ({ name: name || 'without a label', runs }))
  return files.map((file) => ({ name: file.file, runs: [file] }))
}

/** What makes a comparison doubtful, in one sentence each. */
export function doubts(groups: readonly Group[]): string[] {
  return [...differences(groups), ...ofRuns(groups), ...ofNumbers(groups)]
}

/** Options that name what is measured, or where its result goes: they differ rightly. */
const FREE_OPTIONS = new Set(['label', 'out', 'html', 'url', 'pid', 'metrics', 'adminToken', 'quiet', 'seed'])

function differences(groups: readonly Group[]): string[] {
  const results = groups.flatMap(({ runs }) => runs.map(({ result }) => result))
  const texts: string[] = []
  const compare = (what: string, of: (result: ResultFile['result']) => unknown) => {
    const found = [...new Set(results.map((result) => JSON.stringify(of(result)) ?? 'nothing'))]
    if (found.length > 1) texts.push(`${what} differ: ${found.slice(0, 4).join(', ')}`)
  }
  compare('Scenarios', ({ scenario }) => scenario.name)
  compare('Load models', ({ load }) => [load.model, load.arrivals])
  compare('Machines', ({ tool }) => `${tool.cpus}, ${tool.platform}`)
  compare('Versions of Node', ({ tool }) => tool.node)
  compare('Versions of the load generator', ({ tool }) => tool.version)
  const names = new Set(results.flatMap(({ scenario }) => Object.keys(scenario.options)))
  for (const name of names)
    if (!FREE_OPTIONS.has(name)) compare(`Options "${name}"`, ({ scenario }) => scenario.options[name])
  return texts
}

function ofRuns(groups: readonly Group[]): string[] {
  return groups.flatMap(({ runs }) =>
    runs.flatMap(({ file, result }) => warningsOf(result).map((text) => `${file}: ${text}`)),
  )
}

function ofNumbers(groups: readonly Group[]): string[] {
  const fewest = Math.min(...groups.map(({ runs }) => runs.length))
  if (fewest >= 3) return []
  if (fewest === 2) return ['Two runs of a group give wide intervals: five of each are better.']
  return [
    'There is one run only of a group: no interval can be given, and a difference may be chance. Repeat the runs under one --label each, five of each, in turn.',
  ]
}

/** What counts of runs are set side by side, without any statistics: one lost message is one too many. */
export const FACTS: readonly (readonly [name: string, of: (file: ResultFile) => number])[] = [
  ['runs', () => 1],
  ['posted', ({ result }) => result.ledger.posted],
  ['accepted', ({ result }) => result.ledger.accepted],
  ['delivered', ({ result }) => result.ledger.delivered],
  ['lost', ({ result }) => result.ledger.lost],
  ['duplicated', ({ result }) => result.ledger.duplicated],
  ['out of order', ({ result }) => result.ledger.outOfOrder],
  ['late', ({ result }) => result.ledger.late],
  ['unrequested', ({ result }) => result.ledger.unrequested],
  ['answers 5xx', ({ result }) => serverErrors(result)],
  ['errors', ({ result }) => errorsTotal(result)],
]

/** Faults that a server which works has none of. */
export const FAULTS = new Set(['lost', 'duplicated', 'late', 'unrequested', 'answers 5xx', 'errors'])

function serverErrors({ statuses }: ResultFile['result']): number {
  const counts = Object.entries(statuses).filter(([status]) => status.startsWith('5'))
  return counts.reduce((sum, [, count]) => sum + count, 0)
}

/** Latencies that all groups are about, and processes that all have. */
export function inCommon(groups: readonly Group[]) {
  const results = groups.flatMap(({ runs }) => runs.map(({ result }) => result))
  const [first] = results
  const latencies = (first === undefined ? [] : Object.keys(first.latencies)).filter((name) =>
    results.every((result) => (result.latencies[name]?.intended.count ?? 0) > 0),
  )
  const main = new Set<string>(first === undefined ? [] : mainLatencies(first))
  const processes = (first?.processes ?? [])
    .map(({ name }) => name)
    .filter((name) => results.every((result) => result.processes.some((each) => each.name === name)))
  return { latencies, main, processes: [...processes, GENERATOR] }
}
