/** The version of the C library that this process runs with, for error messages: binaries are made for one; `none` on systems with another library. */
export function glibcVersion(): string {
  const report: unknown = process.report.getReport()
  const version = /"glibcVersionRuntime":"([^"]+)"/.exec(JSON.stringify(report))?.[1]
  return version ?? 'none'
}
