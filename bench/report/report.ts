import type { BenchResult } from '../result/result.ts'
import type { Comparison } from './compare/comparison.ts'
import { comparisonHtml } from './html/comparison-page.ts'
import { reportHtml } from './html/report-page.ts'
import { writeWhole } from './result-file.ts'

// What the command line needs of reports; everything is made of a result alone.
export { type Comparison, compareResults } from './compare/comparison.ts'
export { comparisonText } from './compare/comparison-text.ts'
export { ReportError } from './report-error.ts'
export { type ResultFile, readResult, resultSchemaText, writeResult } from './result-file.ts'
export { LiveDisplay } from './terminal/live-display.ts'
export type { LiveNumbers, Progress } from './terminal/live-lines.ts'
export { type Terminal, terminalOf } from './terminal/style.ts'
export { summaryText } from './terminal/summary.ts'
export { parseThreshold, type Threshold } from './threshold-syntax.ts'
export { judge, type Verdict, verdictLine } from './thresholds.ts'

/** Writes the report of a run: one HTML file that needs nothing else. */
export async function writeReport(result: BenchResult, file: string): Promise<void> {
  await writeWhole(file, reportHtml(result))
}

/** Writes a comparison: one HTML file that needs nothing else. */
export async function writeComparison(comparison: Comparison, file: string): Promise<void> {
  await writeWhole(file, comparisonHtml(comparison))
}
