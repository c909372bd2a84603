import { type ChildProcess, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { spawnBound } from './bound-process.ts'
import { dockerRun, imageOf } from './docker.ts'
import { stopped } from './process-state.ts'

/** How to run a server. */
export interface ServerCommand {
  /** What people call it. */
  readonly name: string
  /** The path of a file, or `docker:IMAGE`. */
  readonly program: string
  /** Name of the program inside an image. */
  readonly entrypoint: string
  readonly args: readonly string[]
  /** Where its files are; all that a container sees of this machine. */
  readonly folder: string
  /** Its whole environment; that of this process by default. */
  readonly env?: NodeJS.ProcessEnv
  /** Whether Ctrl+C at the terminal is kept from it, for whoever ends it in an order of its own. */
  readonly isDetached?: boolean
  /** Told each line that it writes. */
  readonly onLine?: (line: string) => void
  /** Told of it as soon as it runs, long before it is ready. */
  readonly onStart?: (server: ServerProcess) => void
}

/** What a server's process is given beyond its program and arguments, by the server's name. */
export type ProcessOptions = (name: string) => Pick<ServerCommand, 'isDetached' | 'onLine' | 'onStart'>

/** How much of what it wrote last is kept for messages. */
const OUTPUT_CHARACTERS = 20_000
const START_TIMEOUT_MS = 60_000

/** One run of a server: a process of this machine, or one in a container. It does not outlive this process; a container does if that is killed. */
export class ServerProcess {
  readonly name: string
  /** Resolves to how it ended. */
  readonly ended: Promise<string>
  hasEnded = false
  /** What it wrote last. */
  output = ''
  readonly #child: ChildProcess
  readonly #container: string | undefined
  readonly #onLine: ((line: string) => void) | undefined
  #watchers: ((line: string) => void)[] = []

  constructor(command: ServerCommand) {
    const image = imageOf(command.program)
    this.name = command.name
    this.#onLine = command.onLine
    this.#container = image === undefined ? undefined : `pushgrid-test-${randomUUID()}`
    const [file = '', ...args] =
      image === undefined
        ? [command.program]
        : dockerRun(image, this.#container ?? '', command.entrypoint, command.folder)
    const child = spawnBound(file, [...args, ...command.args], {
      detached: command.isDetached ?? false,
      env: command.env ?? process.env,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => this.#wrote(line))
    this.ended = this.#end()
    command.onStart?.(this)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Waits until it writes a line with that text. @throws when it has ended before, or takes too long */
  says(text: string): Promise<void> {
    return this.ready(
      new Promise((resolve) =>
        this.#watchers.push((line) => {
          if (line.includes(text)) resolve()
        }),
      ),
    )
  }

  /** Waits until it is ready. @throws when it has ended before, or takes too long */
  async ready(work: Promise<void>): Promise<void> {
    const failure = (what: string) => new Error(`${this.name} ${what}:\n${this.output}`)
    const ended = this.ended.then((how) => {
      throw failure(`ended (${how}) before it was ready`)
    })
    await within(systemClock, START_TIMEOUT_MS, Promise.race([work, ended]), () => {
      throw failure(`is not ready after ${START_TIMEOUT_MS} ms`)
    })
  }

  /** Sends a signal; it has been sent when this returns. */
  signal(signal: NodeJS.Signals): void {
    if (this.hasEnded) return
    if (this.#container === undefined) this.#child.kill(signal)
    else spawnSync('docker', ['kill', '--signal', signal, this.#container], { stdio: 'ignore' })
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal)
    await this.ended
  }

  /** Resolves when a SIGSTOP has come into force. */
  stopped(): Promise<void> {
    return stopped(this.#container === undefined ? this.pid : containerPid(this.#container))
  }

  #end(): Promise<string> {
    // Docker's client is bound to this process, its container is not.
    const reap = () => this.signal('SIGKILL')
    if (this.#container !== undefined) process.once('exit', reap)
    return new Promise((resolve) => {
      const end = (how: string) => {
        process.off('exit', reap)
        this.hasEnded = true
        resolve(how)
      }
      this.#child.once('error', (error) => end(error.message))
      this.#child.once('close', (code, signal) => end(signal ?? `exit code ${code}`))
    })
  }

  #wrote(line: string): void {
    this.output = `${this.output}${line}\n`.slice(-OUTPUT_CHARACTERS)
    this.#onLine?.(line)
    for (const watcher of this.#watchers) watcher(line)
  }
}

/** The container's first process, as this machine numbers it. */
function containerPid(container: string): string {
  return spawnSync('docker', ['inspect', '--format', '{{.State.Pid}}', container]).stdout.toString().trim()
}
