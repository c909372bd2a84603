/** A file of tests that failed. */
export interface FailedFile {
  /** Its path in the repository, in `dist/`. */
  readonly file: string
  /** Names of its assertions and tests that failed, innermost first; those of tap itself, such as `timeout!`, too. */
  readonly failures: readonly string[]
}

/** `not ok 3 - name # time=5ms`, with the spaces in front of it. */
const RESULT = /^(?<indent> *)(?<not>not )?ok \d+(?: - (?<name>.*?))?(?: # time=.*)?$/

/**
 * Reads what tap prints, line by line: passes on one line for each file, for each failure its name and all of its diagnostics, and tables. Only the totals that
 * tap itself gives at its end are counted: a run that is cut short has none.
 */
export class TapOutput {
  /** Assertions, by tap's own count. */
  passed = 0
  failed = 0
  readonly failedFiles: FailedFile[] = []
  readonly #show: (line: string) => void
  #previous = ''
  #inDiagnostics = false
  #failures: string[] = []

  constructor(show: (line: string) => void) {
    this.#show = show
  }

  /** @param line without its end */
  read(line: string): void {
    const text = line.trim()
    if (text === '---' && this.#previous.startsWith('not ok ')) this.#inDiagnostics = true
    if (this.#inDiagnostics || text.startsWith('not ok ') || /^(ok |Bail out!)/.test(line)) this.#show(line)
    if (text.startsWith('# |')) this.#show(text.slice('# '.length))
    if (!this.#inDiagnostics) this.#count(line)
    if (text === '...') this.#inDiagnostics = false
    this.#previous = text
  }

  #count(line: string): void {
    if (line.startsWith('# {')) {
      this.passed += Number(/\bpass: (\d+)/.exec(line)?.[1] ?? 0)
      this.failed += Number(/\bfail: (\d+)/.exec(line)?.[1] ?? 0)
      return
    }
    const { indent, not, name = '' } = RESULT.exec(line)?.groups ?? {}
    if (indent === undefined) return
    if (indent !== '') {
      if (not !== undefined) this.#failures.push(name)
      return
    }
    // Without indent it is the end of a file: what failed since the last one was in it.
    if (not !== undefined) this.failedFiles.push({ file: name, failures: this.#failures })
    this.#failures = []
  }
}
