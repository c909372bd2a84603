import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'

/** Commands as they run. */
export interface Running {
  /** What they have written, to stdout and stderr, as it came. */
  readonly output: string
  /** Resolves to the output when all have ended well. @throws with it when one has failed */
  readonly done: Promise<string>
}

/** Long enough for whatever a page asks for, on a busy machine. */
const WAIT_MS = 600_000

/**
 * A shell that is given commands one after the other, as by someone who types them: variables and the folder stay. The first command
 * that fails ends it.
 */
export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<unknown>
  #output = ''
  #watchers: (() => void)[] = []
  #blocks = 0

  /** @param command what starts bash, reading from stdin */
  constructor([program = '', ...args]: readonly string[]) {
    // Without what tap has every Node process load. It ends when this process does, for that closes its stdin.
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn(program, args, { env, detached: true })
    this.#child = child
    this.#ended = once(child, 'close').then(() => this.#wake())
    child.stdin.on('error', () => {})
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#wake()
      })
    child.stdin.write('exec 2>&1; set -euo pipefail\n')
  }

  /** Gives it commands. */
  start(commands: string): Running {
    this.#blocks += 1
    const begin = this.#output.length
    const end = `\u0004 end of ${this.#blocks}\n`
    // Read as a whole first, and without the terminal's own input, so that no command can take the next ones for its own.
    const quoted = commands.replaceAll("'", `'\\''`)
    this.#child.stdin.write(`eval '${quoted}' </dev/null\nprintf '${end.replace('\n', '\\n')}'\n`)
    const own = () => this.#output.slice(begin)
    const done = this.#until(() => own().includes(end), own).then(() => own().slice(0, -end.length))
    // Whoever starts it may first wait for something else.
    done.catch(() => {})
    return {
      get output() {
        return own()
      },
      done,
    }
  }

  /** Gives it commands and waits for their end. @throws when one has failed */
  run(commands: string): Promise<string> {
    return this.start(commands).done
  }

  /** Waits until running commands have written something. @throws when they have ended without */
  async says(running: Running, text: string | RegExp): Promise<string> {
    const said = () => (typeof text === 'string' ? running.output.includes(text) : text.test(running.output))
    await this.#until(said, () => running.output)
    return running.output
  }

  /** Ctrl+C: to all that runs in it. It has ended when this resolves. */
  async interrupt(): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null && this.#child.pid !== undefined)
      process.kill(-this.#child.pid, 'SIGINT')
    await this.#ended
  }

  /** Waits for something to be so; looks whenever it has written. @param output what to show where it does not become so */
  #until(isSo: () => boolean, output: () => string): Promise<void> {
    const waited = async () => {
      while (!isSo()) {
        if (this.#child.exitCode !== null || this.#child.signalCode !== null)
          throw new Error(`the shell has ended (${this.#child.exitCode}):\n${lastOf(output())}`)
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    }
    return within(systemClock, WAIT_MS, waited(), () => {
      throw new Error(`nothing after ${WAIT_MS} ms but:\n${lastOf(output())}`)
    })
  }

  #wake(): void {
    for (const watcher of this.#watchers.splice(0)) watcher()
  }
}

/** What people need to see of it. */
function lastOf(output: string): string {
  return output.slice(-4000)
}
