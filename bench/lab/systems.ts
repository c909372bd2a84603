import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startDatabase, startNatsServer } from './backends.ts'
import { freePorts } from './free-ports.ts'
import { type MeasuredProcess, startProcess } from './measured-process.ts'
import type { MeasuredSystem } from './measured-system.ts'

/** Which systems a script measures, as its command line says. */
export interface SystemsOptions {
  /** Node and endpoint in processes of their own on NATS, instead of one process. */
  readonly cluster?: boolean | undefined
  /** A script that speaks the same protocols with nothing behind them, to be measured in turn. */
  readonly floor?: string | undefined
  /** A folder in which each process of Pushgrid leaves a profile of its CPU time. */
  readonly 'cpu-prof'?: string | undefined
}

/** The same for `parseArgs`. */
export const SYSTEMS_OPTIONS = {
  cluster: { type: 'boolean' },
  floor: { type: 'string' },
  'cpu-prof': { type: 'string' },
} as const

/** How to start each system that is to be measured: Pushgrid, and the floor if there is one. */
export function systemsOf(options: SystemsOptions): readonly (() => Promise<MeasuredSystem>)[] {
  const { cluster, floor, 'cpu-prof': folder } = options
  const flags = folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
  const own = cluster ? () => startCluster(flags) : () => startSingle(flags)
  if (floor === undefined) return [own]
  return [own, cluster ? () => startFloorCluster(floor) : () => startFloor(floor)]
}

const CLI = path.join(import.meta.dirname, '../../deploy/cli.js')

/** Starts Pushgrid as built, in one process, on free ports and an empty data folder. */
async function startSingle(flags: readonly string[]): Promise<MeasuredSystem> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pushgrid-bench-'))
  const [ws = '', http = ''] = (await freePorts(2)).map(String)
  const env = { PUSHGRID_WS_PORT: ws, PUSHGRID_HTTP_PORT: http, PUSHGRID_DATA_DIR: dataDir }
  const serve = await startRole('serve', flags, env)
  return system('pushgrid', [ws, http], [serve], async () => {
    await serve.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
}

/** Starts Pushgrid as a cluster of one node, one endpoint and one nats-server, on an empty database. */
async function startCluster(flags: readonly string[]): Promise<MeasuredSystem> {
  const [ws = '', http = ''] = (await freePorts(2)).map(String)
  const [nats, database] = await Promise.all([startNatsServer(), startDatabase()])
  const env = {
    PUSHGRID_WS_PORT: ws,
    PUSHGRID_HTTP_PORT: http,
    PUSHGRID_PUBLIC_URL: `http://localhost:${http}`,
    PUSHGRID_NATS_URL: `nats://${nats.address}`,
    PUSHGRID_MONGODB_URL: database.url,
    PUSHGRID_SERVICE_KEYS: randomBytes(32).toString('hex'),
    PUSHGRID_DRAIN_MS: '0',
  }
  const node = await startRole('node', flags, env)
  const endpoint = await startRole('endpoint', flags, env)
  return system('pushgrid', [ws, http], [node, endpoint, nats.process], async () => {
    await endpoint.stop()
    await node.stop()
    await Promise.all([nats.process.stop(), database.stop()])
  })
}

async function startFloor(script: string): Promise<MeasuredSystem> {
  const [ws = '', http = ''] = (await freePorts(2)).map(String)
  const all = await startFloorRole(script, 'all', { WS: ws, HTTP: http })
  return system('floor', [ws, http], [all], () => all.stop())
}

async function startFloorCluster(script: string): Promise<MeasuredSystem> {
  const [ws = '', http = ''] = (await freePorts(2)).map(String)
  const nats = await startNatsServer()
  const env = { WS: ws, HTTP: http, NATS: nats.address }
  const node = await startFloorRole(script, 'node', env)
  const endpoint = await startFloorRole(script, 'endpoint', env)
  return system('floor', [ws, http], [node, endpoint, nats.process], async () => {
    await Promise.all([endpoint.stop(), node.stop(), nats.process.stop()])
  })
}

function startRole(
  role: 'serve' | 'node' | 'endpoint',
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<MeasuredProcess> {
  const args = [...flags, CLI, role]
  return startProcess({ name: role, program: process.execPath, args, env, readyText: 'listening' })
}

function startFloorRole(
  script: string,
  role: 'all' | 'node' | 'endpoint',
  env: Readonly<Record<string, string>>,
): Promise<MeasuredProcess> {
  return startProcess({ name: role, program: process.execPath, args: [script, role], env, readyText: 'up' })
}

function system(
  name: string,
  [wsPort, httpPort]: readonly [string, string],
  processes: readonly MeasuredProcess[],
  stop: () => Promise<void>,
): MeasuredSystem {
  return {
    name,
    wsUrl: `ws://127.0.0.1:${wsPort}/`,
    httpUrl: `http://localhost:${httpPort}`,
    processes,
    stop,
  }
}
