import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { Agent, type AgentWishes } from '../../deploy/by-hand/agent.ts'
import { type KeptAgent, readAgentFile, writeAgentFile } from '../../deploy/by-hand/agent-file.ts'
import { readAgentArguments } from '../../deploy/by-hand/agent-flags.ts'
import { agentJson } from '../../deploy/by-hand/agent-json.ts'
import { writeJsonFile } from '../../deploy/by-hand/json-file.ts'
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
const WAIT_MS = 60_000
const AGENT_FILE = 'pushgrid-agent.json'

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

/** What a user agent has said and nobody has read yet. */
class Events {
  readonly #unread: EventLine[] = []
  #watchers: (() => void)[] = []

  add(event: EventLine): void {
    this.#unread.push(event)
    for (const watcher of this.#watchers.splice(0)) watcher()
  }

  /** The first of a kind that was not read yet, or the next one to come. @throws what `failed` does, or when none comes in a minute */
  next(kind: string, failed: Promise<never>): Promise<EventLine> {
    const found = async () => {
      for (;;) {
        const at = this.#unread.findIndex(({ event }) => event === kind)
        const [event] = at < 0 ? [] : this.#unread.splice(at, 1)
        if (event !== undefined) return event
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    }
    return within(systemClock, WAIT_MS, Promise.race([found(), failed]), () => {
      throw new Error(`no ${kind} after ${WAIT_MS} ms, but ${JSON.stringify(this.#unread)}`)
    })
  }
}

/** The same as a process of its own would be, in this one, which is much sooner done; its subscription is in me.json. */
export class AgentHere {
  readonly #agent: Agent
  readonly #events = new Events()
  readonly #running: Promise<void>

  private constructor(t: Test, folder: string, kept: KeptAgent, wishes: AgentWishes) {
    const random = createSystemRandom()
    this.#agent = new Agent(kept, wishes, {
      clock: systemClock,
      random,
      save: (agent) => writeAgentFile(path.join(folder, AGENT_FILE), agent, random),
      write: async (_, subscription) => {
        await writeJsonFile(path.join(folder, 'me.json'), subscription, random)
        return 'me.json'
      },
      show: (event) => this.#events.add(JSON.parse(agentJson(event))),
    })
    this.#running = this.#agent.run()
    t.teardown(() => this.end())
  }

  /** Starts one that waits for messages; it ends with the test at the latest. @param args of the command line */
  static async start(t: Test, folder: string, wsUrl: string, args: readonly string[]): Promise<AgentHere> {
    const request = readAgentArguments(args)
    if (request === 'help') throw new Error('help is for the command')
    const kept = await readAgentFile(path.join(folder, AGENT_FILE), wsUrl)
    const here = new AgentHere(t, folder, kept, request.wishes)
    await here.event('waiting')
    return here
  }

  /** As that of a process. */
  event(kind: string): Promise<EventLine> {
    const failed = this.#running.then(() => {
      throw new Error(`the agent ended before it said ${kind}`)
    })
    return this.#events.next(kind, failed)
  }

  end(): Promise<void> {
    this.#agent.stop()
    return this.#running
  }
}

/** `pushgrid agent --json`, as it runs. */
export class AgentProcess {
  readonly ended: Promise<Ran>
  readonly #child: ChildProcess
  readonly #events = new Events()

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
      this.#events.add(JSON.parse(line))
    })
    this.ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
    t.teardown(() => child.kill('SIGKILL'))
  }

  /** The first event of a kind that was not read yet, or the next one to come. @throws when it ends before, or none comes in a minute */
  event(kind: string): Promise<EventLine> {
    const failed = this.ended.then(({ code, stdout, stderr }) => {
      throw new Error(`the agent ended (${code}) before it said ${kind}:\n${stdout}${stderr}`)
    })
    return this.#events.next(kind, failed)
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

/** The same as `subscribedByHand`, in this process. */
export async function subscribedHere(t: Test, wsUrl: string, args: readonly string[] = []) {
  const folder = t.testdir()
  const agent = await AgentHere.start(t, folder, wsUrl, args)
  return { folder, agent, send: (...sending: string[]) => sendHere(folder, sending) }
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
