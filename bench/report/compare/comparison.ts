import { isLatencyName, type Measure, measured, type Statistic, unitOf } from '../measures.ts'
import type { ResultFile } from '../result-file.ts'
import type { Unit } from '../units.ts'
import { doubts, FACTS, FAULTS, type Group, groupRuns, inCommon } from './groups.ts'
import { geometricMean, holmLevels, type Ratio, ratioOf } from './ratio.ts'
import { type Difference, describe, type Kind } from './words.ts'

/** Several results side by side; the first group is what the others are held against. */
export interface Comparison {
  readonly groups: readonly Group[]
  /** What makes it doubtful, to be read first. */
  readonly warnings: readonly string[]
  /** What came out, in a sentence or two for each group. */
  readonly findings: readonly string[]
  readonly rows: readonly ComparedMeasure[]
  readonly facts: readonly ComparedFact[]
}

/** A measure of all groups. */
export interface ComparedMeasure {
  readonly name: string
  readonly unit: Unit
  /** One of the few that the verdict is about. */
  readonly primary: boolean
  /** By group: the values of its runs. */
  readonly values: readonly (readonly number[])[]
  /** By group: the geometric mean of its runs. */
  readonly means: readonly number[]
  /** By group, but for the first: how it differs from the first. */
  readonly differences: readonly Difference[]
}

/** A count of all groups, over all their runs. */
export interface ComparedFact {
  readonly name: string
  readonly isFault: boolean
  readonly totals: readonly number[]
}

/** Chance of any false alarm among the primary measures of a comparison, and among all others: 5 % together. */
const PRIMARY_ALPHA = 0.04
const OTHER_ALPHA = 0.01

/**
 * Compares runs: ratios of geometric means with intervals by Welch's t on logarithms, widened after Holm for the number of
 * measures, so that the same against the same raises a false alarm in one comparison of twenty at most.
 * @throws ReportError when there are not two things to compare
 */
export function compareResults(files: readonly ResultFile[]): Comparison {
  const groups = groupRuns(files)
  const rows = judged(candidates(groups).flatMap((candidate) => measuredIn(groups, candidate)))
  const facts = FACTS.map(([name, of]) => ({
    name,
    isFault: FAULTS.has(name),
    totals: groups.map(({ runs }) => runs.reduce((sum, run) => sum + of(run), 0)),
  }))
  return { groups, rows, facts, warnings: doubts(groups), findings: findings(groups, rows, facts) }
}

interface Candidate {
  readonly name: string
  readonly kind: Kind
  readonly primary: boolean
  readonly measure: Measure
}

interface Measured extends Candidate {
  readonly values: readonly (readonly number[])[]
  readonly ratios: readonly Ratio[]
}

/** All that may be compared; what the verdict is about comes first. */
function candidates(groups: readonly Group[]): Candidate[] {
  const { latencies, main, processes } = inCommon(groups)
  const found: Candidate[] = []
  for (const of of latencies) {
    if (!isLatencyName(of)) continue
    for (const at of [50, 90, 99, 99.9, 'mean', 'max'] satisfies Statistic[]) {
      const name = `${typeof at === 'number' ? `p${at}` : at}(${of})`
      const primary = main.has(of) && (at === 50 || at === 99)
      found.push({ name, kind: 'time', primary, measure: { kind: 'latency', of, side: 'intended', at } })
    }
  }
  for (const of of ['delivered', 'accepted']) {
    const measure = { kind: 'rate', of } as const
    found.push({ name: `rate(${of})`, kind: 'speed', primary: of === 'delivered', measure })
  }
  for (const of of processes)
    for (const [word, what] of PROCESS_MEASURES) {
      const primary = of !== 'generator' && (what === 'cpuPerDelivered' || what === 'rss')
      found.push({
        name: `${word}(${of})`,
        kind: 'cost',
        primary,
        measure: { kind: 'process', of, what },
      })
    }
  return [...found.filter(({ primary }) => primary), ...found.filter(({ primary }) => !primary)]
}

const PROCESS_MEASURES = [
  ['cpu_per_delivered', 'cpuPerDelivered'],
  ['cpu', 'cpu'],
  ['rss', 'rss'],
  ['rss_per_connection', 'rssPerConnection'],
] as const

/** A measure is compared where every run has it, above 0. */
function measuredIn(groups: readonly Group[], candidate: Candidate): Measured[] {
  const values = groups.map(({ runs }) =>
    runs.flatMap(({ result }) => {
      const value = measured(result, candidate.measure)
      return value !== null && value > 0 ? [value] : []
    }),
  )
  const [base] = values
  if (base === undefined || values.some((each, index) => each.length !== groups[index]?.runs.length))
    return []
  return [{ ...candidate, values, ratios: values.slice(1).map((other) => ratioOf(base, other)) }]
}

function judged(all: readonly Measured[]): ComparedMeasure[] {
  const primary = all.filter((each) => each.primary)
  const others = all.filter((each) => !each.primary)
  return [...inFamily(primary, PRIMARY_ALPHA), ...inFamily(others, OTHER_ALPHA)]
}

/** Judges measures that share one chance of a false alarm. */
function inFamily(family: readonly Measured[], alpha: number): ComparedMeasure[] {
  const levels = holmLevels(
    family.flatMap(({ ratios }) => ratios.map(({ p = 1 }) => p)),
    alpha,
  )
  let next = 0
  return family.map(({ name, kind, primary, measure, values, ratios }) => ({
    name,
    unit: unitOf(measure),
    primary,
    values,
    means: values.map(geometricMean),
    differences: ratios.map((ratio) => describe(kind, ratio, levels[next++] ?? alpha)),
  }))
}

function findings(
  groups: readonly Group[],
  rows: readonly ComparedMeasure[],
  facts: readonly ComparedFact[],
): string[] {
  const [base, ...others] = groups
  return others.flatMap(({ name, runs }, index) => {
    const primary = rows.filter((row) => row.primary)
    const clear = primary.flatMap((row) => {
      const difference = row.differences[index]
      return difference?.isClear ? [`${row.name}: ${difference.words}`] : []
    })
    const pair = `${name} against ${base?.name}`
    const single = runs.length < 2 || (base?.runs.length ?? 0) < 2
    const said = single
      ? `${pair}: one run is not enough to tell a difference from chance.`
      : clear.length > 0
        ? `${pair}: ${clear.join('; ')}.`
        : `${pair}: no significant difference in ${primary.length} primary measures (${runs.length} runs against ${base?.runs.length}).`
    return [said, ...faults(name, base?.name ?? '', facts, index + 1)]
  })
}

/** Faults that only one of two groups has: these are no matter of chance. */
function faults(name: string, base: string, facts: readonly ComparedFact[], index: number): string[] {
  return facts.flatMap(({ name: fault, isFault, totals }) => {
    const [before = 0, now = 0] = [totals[0], totals[index]]
    if (!isFault || before === now || (before > 0 && now > 0)) return []
    return [`${fault}: ${name} has ${now}, ${base} ${before}.`]
  })
}
