import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A server under measurement, and how its process is doing. */
export interface ServerProcess {
  readonly name: string
  readonly wsUrl: string
  readonly httpUrl: string
  /** CPU time of all its threads since its start, in microseconds. */
  cpuUs(): number
  /** Resident memory in bytes. */
  residentBytes(): number
  stop(): Promise<void>
}

/** Linux counts CPU time in ticks of 10 ms. */
const TICK_US = 10_000

/** Starts Pushgrid as built, in one process, on free ports and an empty data folder. */
export async function startPushgrid(nodeFlags: readonly string[] = []): Promise<ServerProcess> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pushgrid-bench-'))
  const cli = path.join(import.meta.dirname, '../deploy/cli.js')
  const [wsPort, httpPort] = await freePorts()
  const env = { PUSHGRID_WS_PORT: wsPort, PUSHGRID_HTTP_PORT: httpPort, PUSHGRID_DATA_DIR: dataDir }
  return start('pushgrid', [...nodeFlags, cli, 'serve'], env, 'listening', [wsPort, httpPort], () =>
    rmSync(dataDir, { recursive: true, force: true }),
  )
}

/** Starts the floor: a script that speaks the same protocols with nothing behind them. */
export async function startFloor(script: string): Promise<ServerProcess> {
  const [wsPort, httpPort] = await freePorts()
  return start('floor', [script, 'all'], { WS: wsPort, HTTP: httpPort }, 'up', [wsPort, httpPort], () => {})
}

async function start(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  readyText: string,
  [wsPort, httpPort]: readonly [string, string],
  cleanUp: () => void,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await outputs(child, readyText)
  const { pid } = child
  return {
    name,
    wsUrl: `ws://127.0.0.1:${wsPort}/`,
    httpUrl: `http://localhost:${httpPort}`,
    cpuUs: () => cpuUs(pid),
    residentBytes: () => residentBytes(pid),
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      cleanUp()
    },
  }
}

/** Reads on for ever: a server whose output nobody reads would block in the end. */
function outputs(child: ChildProcess, text: string): Promise<void> {
  let output = ''
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      if (output.includes(text)) return
      output += String(chunk)
      if (output.includes(text)) resolve()
    })
    child.once('exit', () => reject(new Error(`the server ended before it was ready: ${output}`)))
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

/** Two ports that are free now: the floor can't choose its own. */
async function freePorts(): Promise<[string, string]> {
  const servers = [createServer(), createServer()]
  const ports: string[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(String(address.port))
  }
  for (const server of servers) server.close()
  const [ws = '', http = ''] = ports
  return [ws, http]
}
