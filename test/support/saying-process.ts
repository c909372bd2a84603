import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { spawnBound } from './bound-process.ts'

const SAID_TIMEOUT_MS = 60_000

/** A process that runs one of our scripts, which says on stdout what becomes of it. The end of the test ends it. */
export class SayingProcess {
  readonly child: ChildProcess
  readonly lines: string[] = []
  #heard: () => void = () => {}

  constructor(t: Test, script: string, ...args: readonly string[]) {
    const child = spawnBound(process.execPath, [script, ...args])
    t.teardown(() => child.kill('SIGKILL'))
    createInterface(child.stderr).on('line', (line) => t.comment(line))
    createInterface(child.stdout).on('line', (line) => {
      this.lines.push(line)
      this.#heard()
    })
    this.child = child
  }

  /** Waits for a line; resolves to it. */
  said(wanted: string | RegExp): Promise<string> {
    const fits = (line: string) => (typeof wanted === 'string' ? line === wanted : wanted.test(line))
    const heard = async () => {
      for (;;) {
        const line = this.lines.find(fits)
        if (line !== undefined) return line
        await new Promise<void>((resolve) => {
          this.#heard = resolve
        })
      }
    }
    return within(systemClock, SAID_TIMEOUT_MS, heard(), () => {
      throw new Error(`it has not said ${wanted}: ${this.lines.join('; ')}`)
    })
  }
}
