import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** A process of a system under measurement, and how it is doing. */
export interface MeasuredProcess {
  readonly name: string
  readonly pid: number
  /** CPU time of all its threads since its start, in microseconds. */
  cpuUs(): number
  /** Resident memory in bytes. */
  residentBytes(): number
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>
}

/** What to start, and how to see that it has. */
export interface ProcessCommand {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** It is ready once it has written this; absent: as soon as it runs. */
  readonly readyText?: string
}

/** Linux counts CPU time in ticks of 10 ms. */
const TICK_US = 10_000

/** Starts a process; resolves when it is ready. It does not outlive this one. */
export async function startProcess(command: ProcessCommand): Promise<MeasuredProcess> {
  const { name, program, args, env } = command
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const reap = () => child.kill('SIGKILL')
  process.once('exit', reap)
  child.once('exit', () => process.off('exit', reap))
  await outputs(child, command)
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} has no process`)
  return {
    name,
    pid,
    cpuUs: () => cpuUs(pid),
    residentBytes: () => residentBytes(pid),
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** Reads on for ever: a process whose output nobody reads would block in the end. */
function outputs(child: ChildProcess, { name, readyText }: ProcessCommand): Promise<void> {
  let output = ''
  let ready = false
  return new Promise((resolve, reject) => {
    const isReady = () => {
      ready = true
      resolve()
    }
    const read = (chunk: unknown) => {
      if (ready) return
      output += String(chunk)
      if (readyText !== undefined && output.includes(readyText)) isReady()
    }
    if (readyText === undefined) child.once('spawn', isReady)
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${name} ended before it was ready: ${output}`)))
  })
}

function cpuUs(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program, in brackets, may hold anything; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

function residentBytes(pid: number | undefined): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibibytes) * 1024
}
