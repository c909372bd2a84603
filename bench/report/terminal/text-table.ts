import type { Table } from '../tables.ts'
import { harmless, look, type Terminal } from './style.ts'

/** A table for the terminal: columns aligned, numbers to the right; where it is too wide, last columns of words are cut. */
export function tableText({ title, columns, rows, empty }: Table, terminal: Terminal): string {
  const head = look(terminal, 'bold', cut(harmless(title), terminal.columns))
  const names = columns.map((column) => harmless(column.title))
  if (rows.length === 0) return `${head}\n  ${look(terminal, 'dim', empty)}\n`
  const cells = rows.map((row) => columns.map((_, index) => harmless(row.cells[index] ?? '')))
  const widths = columns.map((_, index) =>
    Math.max(names[index]?.length ?? 0, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const line = (row: readonly string[]) => {
    const padded = row.map((cell, index) => {
      const width = widths[index] ?? 0
      return columns[index]?.numeric ? cell.padStart(width) : cell.padEnd(width)
    })
    return cut(`  ${padded.join('  ')}`.trimEnd(), terminal.columns)
  }
  const titles = look(terminal, 'dim', line(names))
  const lines = cells.map((row, index) => {
    const { bad = false, good = false } = rows[index] ?? {}
    return bad || good ? look(terminal, bad ? 'red' : 'green', line(row)) : line(row)
  })
  return `${[head, titles, ...lines].join('\n')}\n`
}

/** No longer than a line of the terminal, and with a sign that there was more. */
export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`
}
