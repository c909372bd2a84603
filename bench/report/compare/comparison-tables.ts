import type { Row, Table } from '../tables.ts'
import { quantity } from '../units.ts'
import type { ComparedMeasure, Comparison } from './comparison.ts'

/** The measures of a comparison, in the order of their weight: `primary` are those that the verdict is about. */
export function measureTable({ groups, rows }: Comparison, primary: boolean): Table {
  const [base] = groups
  const others = groups.slice(1)
  return {
    id: primary ? 'primary' : 'others',
    title: primary ? 'Primary measures' : 'All other measures',
    columns: [
      { title: 'measure', numeric: false },
      ...groups.map(({ name, runs }) => ({ title: `${name} (${runs.length})`, numeric: true })),
      ...others.map(({ name }) => ({ title: `${name} against ${base?.name}`, numeric: false })),
    ],
    rows: rows.filter((row) => row.primary === primary).map(measureRow),
    empty: 'There is none that all runs have.',
  }
}

/** Counts over all runs of each group. */
export function factTable({ groups, facts }: Comparison): Table {
  return {
    id: 'facts',
    title: 'Counts, over all runs',
    columns: [
      { title: 'messages', numeric: false },
      ...groups.map(({ name }) => ({ title: name, numeric: true })),
    ],
    rows: facts.map(({ name, isFault, totals }) => ({
      cells: [name, ...totals.map((total) => quantity(total, 'count'))],
      bad: isFault && totals.some((total) => total > 0),
    })),
    empty: '',
  }
}

/** Every run of every group, for whoever wants to see how they scatter. */
export function runTable({ groups, rows }: Comparison): Table {
  const primary = rows.filter((row) => row.primary)
  const line = (first: string, of: (group: number) => string): Row[] =>
    groups.map(({ name }, group) => ({ cells: [group === 0 ? first : '', name, of(group)] }))
  return {
    id: 'runs',
    title: 'Run by run',
    columns: ['measure', 'group', 'runs, in their order'].map((title) => ({ title, numeric: false })),
    rows: [
      ...line('file', (group) => groups[group]?.runs.map(({ file }) => file).join(', ') ?? ''),
      ...primary.flatMap(({ name, values, unit }) =>
        line(name, (group) => values[group]?.map((value) => quantity(value, unit)).join(', ') ?? ''),
      ),
    ],
    empty: '',
  }
}

function measureRow({ name, unit, means, differences }: ComparedMeasure): Row {
  return {
    cells: [name, ...means.map((mean) => quantity(mean, unit)), ...differences.map(({ words }) => words)],
    bad: differences.some(({ tone }) => tone === 'worse'),
    good: differences.length === 1 && differences[0]?.tone === 'better',
  }
}
