import type { Totals } from './ledger.ts'
import type { ReceiptTotals } from './receipt-ledger.ts'

/** What became of the load while there was a fault. */
export interface FaultRow extends Pick<Totals, 'accepted' | 'delivered' | 'duplicates' | 'lost'> {
  readonly fault: string
  /** Answers 503. */
  readonly refused: number
  readonly longestStallMs: number
  readonly receipts: ReceiptTotals
}

const HEADINGS = [
  ...['fault', 'accepted', 'delivered', 'duplicates', 'lost', 'answers 503', 'longest stall (ms)'],
  ...['receipts asked for', 'got', 'missing', 'wrong'],
]

/** The rows as lines of a Markdown table. */
export function faultTable(rows: readonly FaultRow[]): readonly string[] {
  const cells = rows.map(({ receipts, ...row }) => [
    row.fault,
    ...[row.accepted, row.delivered, row.duplicates, row.lost, row.refused, row.longestStallMs].map(String),
    ...[receipts.asked, receipts.got, receipts.missing, receipts.wrong].map(String),
  ])
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(HEADINGS), line(rule), ...cells.map(line)]
}
