/** What the user of a report has to hear: one line that says what was wrong, and where. */
export class ReportError extends Error {
  override readonly name = 'ReportError'
}
