import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { freePort } from './free-port.ts'

/** How to start the system under test. */
export interface SystemOptions {
  /** Settings (`PUSHGRID_...`) beyond ports and data folder. */
  env?: Readonly<Record<string, string>>
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The system under test: real processes on loopback. Tests know it by this alone, whatever it is made of. */
export interface System {
  /** Where user agents connect. */
  readonly wsUrl: string
  /** Origin of the HTTP side; endpoint URLs carry their own. */
  readonly httpUrl: string
  readonly dataDir: string
  /** How it ended, if it has. */
  readonly exit: Exit | undefined
  /** What it has written to stdout and stderr since its last start, for the message of a failed test. */
  readonly output: string
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit>
  /** Starts again on the same folder and ports, which the endpoints of subscriptions hold. */
  restart(): Promise<void>
  /** Ends it by SIGTERM if it runs, and removes its folder. */
  stop(): Promise<Exit>
}

interface Ports {
  readonly wsPort: number
  readonly httpPort: number
}

const CLI = path.resolve(import.meta.dirname, '../../deploy/cli.js')
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 30_000

/** Starts the system under test on free ports and a fresh folder; resolves once it listens. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'pushgrid-test-'))
  const start = (ports: Ports) => new Serve(environment(options, dataDir, ports))
  // Asked for port 0, uWebSockets.js listens without SO_REUSEADDR, and then the connections of a killed process keep the
  // next one from its port for a minute.
  let serve = start({ wsPort: await freePort(), httpPort: 0 })
  const ports = await serve.listening
  return {
    wsUrl: `ws://127.0.0.1:${ports.wsPort}/`,
    httpUrl: `http://127.0.0.1:${ports.httpPort}`,
    dataDir,
    get exit() {
      return serve.exit
    },
    get output() {
      return serve.output
    },
    kill: (signal) => serve.kill(signal),
    async restart() {
      if (serve.exit === undefined) await serve.kill('SIGTERM')
      serve = start(ports)
      await serve.listening
    },
    async stop() {
      const exit = serve.exit ?? (await serve.kill('SIGTERM'))
      await rm(dataDir, { recursive: true, force: true })
      return exit
    },
  }
}

/** The environment of the process: this one's without any setting of Pushgrid a developer may have around. */
function environment(options: SystemOptions, dataDir: string, ports: Ports): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PUSHGRID_'))
  return {
    ...Object.fromEntries(own),
    PUSHGRID_WS_PORT: String(ports.wsPort),
    PUSHGRID_HTTP_PORT: String(ports.httpPort),
    PUSHGRID_DATA_DIR: dataDir,
    ...options.env,
  }
}

/** One run of `pushgrid serve`. */
class Serve {
  exit: Exit | undefined
  output = ''
  readonly listening: Promise<Ports>
  readonly #child: ChildProcess
  readonly #ended: Promise<Exit>

  constructor(env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [CLI, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    // A test that throws must leave no process behind.
    const reap = () => child.kill('SIGKILL')
    process.once('exit', reap)
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        process.off('exit', reap)
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
        const ports = portsOf(line)
        if (ports !== undefined) resolve(ports)
      })
      void this.#ended.then((exit) =>
        reject(
          new Error(`pushgrid serve ended (${exit.signal ?? exit.code}) before it listened:\n${this.output}`),
        ),
      )
    })
    this.listening = within(systemClock, START_TIMEOUT_MS, listening, () => {
      throw new Error(`pushgrid serve does not listen after ${START_TIMEOUT_MS} ms:\n${this.output}`)
    })
  }

  kill(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal)
    return within(systemClock, STOP_TIMEOUT_MS, this.#ended, () => {
      this.#child.kill('SIGKILL')
      throw new Error(`pushgrid serve runs on ${STOP_TIMEOUT_MS} ms after ${signal}:\n${this.output}`)
    })
  }
}

/** The ports in a log line, if it is the one that says "listening". */
function portsOf(line: string): Ports | undefined {
  if (!line.startsWith('{')) return undefined
  const { msg, wsPort, httpPort } = JSON.parse(line) as Record<string, unknown>
  if (typeof msg !== 'string' || !msg.includes('listening')) return undefined
  return typeof wsPort === 'number' && typeof httpPort === 'number' ? { wsPort, httpPort } : undefined
}
