import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { spawnBound } from './bound-process.ts'

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Where a process listens; a role has one port or both. */
export interface Ports {
  readonly wsPort?: number
  readonly httpPort?: number
}

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

/** What the command line calls a role. */
export type Command = 'serve' | 'node' | 'endpoint'

const CLI = path.resolve(import.meta.dirname, '../../deploy/cli.js')
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 60_000
const LOG_TIMEOUT_MS = 60_000

/** One run of a role of Pushgrid, as a process of its own. */
export class PushgridProcess {
  exit: Exit | undefined
  /** What it has written to stdout and stderr, for the message of a failed test. */
  output = ''
  /** Resolves once it listens. */
  readonly listening: Promise<Ports>
  readonly #name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<Exit>
  readonly #lines: LogLine[] = []
  #watchers: (() => void)[] = []

  /** @param settings its options (`PUSHGRID_...`); it gets none of those a developer may have around */
  constructor(command: Command, settings: Readonly<Record<string, string>>) {
    const env = { ...ownEnvironment(), ...settings }
    const child = spawnBound(process.execPath, [CLI, command], { env })
    this.#name = `pushgrid ${command}`
    this.#child = child
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.exit = { code, signal }
        resolve(this.exit)
      })
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    const listening = new Promise<Ports>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        this.output += `${line}\n`
        if (!line.startsWith('{')) return
        const logged = JSON.parse(line) as LogLine
        this.#lines.push(logged)
        if (logged.msg === 'listening') resolve(portsOf(logged))
        for (const watcher of this.#watchers.splice(0)) watcher()
      })
      void this.#ended.then((exit) =>
        reject(
          new Error(`${this.#name} ended (${exit.signal ?? exit.code}) before it listened:\n${this.output}`),
        ),
      )
    })
    this.listening = within(systemClock, START_TIMEOUT_MS, listening, () => {
      throw new Error(`${this.#name} does not listen after ${START_TIMEOUT_MS} ms:\n${this.output}`)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The lines of its log with that message so far. */
  lines(msg: string): LogLine[] {
    return this.#lines.filter((line) => line.msg === msg)
  }

  /** Waits until a line with that message is the `times`-th that matches. */
  logged(msg: string, times: number, matches: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const found = async () => {
      for (;;) {
        const line = this.lines(msg).filter(matches)[times - 1]
        if (line !== undefined) return line
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    }
    return within(systemClock, LOG_TIMEOUT_MS, found(), () => {
      throw new Error(`${this.#name} has not logged ${JSON.stringify(msg)} ${times} times:\n${this.output}`)
    })
  }

  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit> {
    if (this.exit !== undefined) return Promise.resolve(this.exit)
    this.#child.kill(signal)
    return within(systemClock, STOP_TIMEOUT_MS, this.#ended, () => {
      this.#child.kill('SIGKILL')
      throw new Error(`${this.#name} runs on ${STOP_TIMEOUT_MS} ms after ${signal}:\n${this.output}`)
    })
  }
}

function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PUSHGRID_')))
}

/** The ports in the log line that says "listening". */
function portsOf({ wsPort, httpPort }: LogLine): Ports {
  return {
    ...(typeof wsPort === 'number' && { wsPort }),
    ...(typeof httpPort === 'number' && { httpPort }),
  }
}
