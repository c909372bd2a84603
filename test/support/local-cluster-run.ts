import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { spawnBound } from './bound-process.ts'

const MAIN = path.resolve(import.meta.dirname, '../local-cluster/main.js')
const TIMEOUT_MS = 120_000

/** One run of `npm run cluster`. */
export class LocalClusterRun {
  output = ''
  readonly #exit: Promise<number | null>
  readonly #child
  #watchers: (() => void)[] = []

  constructor(t: Test, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawnBound(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        this.output += `${line}\n`
        for (const watcher of this.#watchers.splice(0)) watcher()
      })
    this.#exit = new Promise((resolve) => {
      child.once('close', (code) => {
        resolve(code)
        for (const watcher of this.#watchers.splice(0)) watcher()
      })
    })
    t.teardown(() => {
      child.kill('SIGINT')
      return this.#exit
    })
  }

  /** Waits until it has written that. */
  async says(text: string): Promise<void> {
    const said = async () => {
      while (!this.output.includes(text)) {
        if (this.#child.exitCode !== null) throw new Error(`it ended before "${text}":\n${this.output}`)
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    }
    await this.#bounded(said(), `said "${text}"`)
  }

  /** The process of a part, as the table says. */
  pidOf(part: string): number {
    const [, pid] = new RegExp(`^  ${part} .*pid (\\d+)`, 'm').exec(this.output) ?? []
    if (pid === undefined) throw new Error(`there is no ${part}:\n${this.output}`)
    return Number(pid)
  }

  addressOf(what: string): string {
    return new RegExp(`${what} +(\\S+)`).exec(this.output)?.[1] ?? ''
  }

  interrupt(): Promise<number | null> {
    this.#child.kill('SIGINT')
    return this.#bounded(this.#exit, 'ended')
  }

  /** Waits until it gives up. */
  failed(): Promise<number | null> {
    return this.#bounded(this.#exit, 'ended')
  }

  #bounded<T>(work: Promise<T>, what: string): Promise<T> {
    return within(systemClock, TIMEOUT_MS, work, () => {
      throw new Error(`it has not ${what} within ${TIMEOUT_MS} ms:\n${this.output}`)
    })
  }
}

/** Whether there is a process with that id. */
export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`)
}

/** Command lines of processes that name a folder, as that of the database does. */
export function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
        return command.includes(folder) ? [command] : []
      } catch {
        return []
      }
    })
}
