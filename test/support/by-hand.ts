import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { send } from '../../deploy/by-hand/send-command.ts'
import { readSendArguments } from '../../deploy/by-hand/send-flags.ts'
import { StartError } from '../../deploy/start-error.ts'

/** What a command has said by its end. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An event of `pushgrid agent --json`. */
export type EventLine = Readonly<Record<string, unknown>> & { readonly event: string }

/** The program. */
export const CLI = path.resolve(import.meta.dirname, '../../deploy/cli.js')
const WAIT_MS = 30_000

/** What a command is given beside its arguments. */
interface Surroundings {
  /** What it reads from stdin. */
  readonly input?: string
  /** Variables beside PATH: it has nothing of what a developer, or the test runner, has in the environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `pushgrid` in a folder to its end. */
export function pushgrid(
  folder: string,
  args: readonly string[],
  { input = '', env = {} }: Surroundings = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { ...bareEnvironment(), ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  // One that has failed already reads nothing.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}

/** `pushgrid agent --json`, as it runs. */
export class AgentProcess {
  readonly ended: Promise<Ran>
  readonly #child: ChildProcess
  readonly #events: EventLine[] = []
  #watchers: (() => void)[] = []

  /** It ends with the test at the latest. */
  constructor(
    t: Test,
    folder: string,
    args: readonly string[],
    { env = {} }: Pick<Surroundings, 'env'> = {},
  ) {
    const child = spawn(process.execPath, [CLI, 'agent', '--json', ...args], {
      cwd: folder,
      env: { ...bareEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    let stdout = ''
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    createInterface(child.stdout).on('line', (line) => {
      stdout += `${line}\n`
      this.#events.push(JSON.parse(line))
      for (const watcher of this.#watchers.splice(0)) watcher()
    })
    this.ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
    t.teardown(() => child.kill('SIGKILL'))
  }

  /** The first event of a kind that was not read yet, or the next one to come. @throws when it ends before, or none comes in 30 s */
  event(kind: string): Promise<EventLine> {
    const found = async () => {
      for (;;) {
        const at = this.#events.findIndex((event) => event.event === kind)
        const [event] = at < 0 ? [] : this.#events.splice(at, 1)
        if (event !== undefined) return event
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    }
    const failed = this.ended.then(({ code, stdout, stderr }) => {
      throw new Error(`the agent ended (${code}) before it said ${kind}:\n${stdout}${stderr}`)
    })
    return within(systemClock, WAIT_MS, Promise.race([found(), failed]), () => {
      throw new Error(`no ${kind} after ${WAIT_MS} ms, but ${JSON.stringify(this.#events)}`)
    })
  }

  /** Ends it as Ctrl+C does. */
  interrupt(): Promise<Ran> {
    this.#child.kill('SIGINT')
    return this.ended
  }
}

/** `pushgrid send` in this process, which is much sooner done; files are in the folder. */
export async function sendHere(folder: string, args: readonly string[]): Promise<Ran> {
  const [file, ...others] = args
  const at = (name: string) => path.join(folder, name)
  const whom = file === undefined || file.startsWith('--') ? args : [at(file), ...others]
  let stdout = ''
  try {
    // Of a flag given twice the last one counts, so that a test may name another file.
    const request = readSendArguments(
      whom.includes('--no-vapid') ? whom : ['--vapid', at('pushgrid-vapid.json'), ...whom],
    )
    if (request.kind === 'help') throw new Error('help is for the command')
    await send(request, (text) => {
      stdout += text
    })
    return { code: 0, stdout, stderr: '' }
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    return { code: error.exitCode, stdout, stderr: `pushgrid: ${error.message}\n` }
  }
}

/** A new user agent in a folder of its own, which has written its subscription to me.json there, and a way to send to it. */
export async function subscribedByHand(t: Test, wsUrl: string, args: readonly string[] = []) {
  const folder = t.testdir()
  const agent = new AgentProcess(t, folder, ['--url', wsUrl, '--subscription', 'me.json', ...args])
  await agent.event('waiting')
  return { folder, agent, send: (...sending: string[]) => sendHere(folder, sending) }
}

function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env
  return { PATH }
}
