import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './free-ports.ts'
import { type MeasuredProcess, startProcess } from './measured-process.ts'

/*
 * What a cluster needs beside Pushgrid itself. The programs are taken from the variables that the tests use, else from PATH;
 * `npm test` says where it has them from.
 */
const { PUSHGRID_TEST_NATS_SERVER, PUSHGRID_TEST_MONGODB_SERVER } = process.env
const NATS_SERVER = PUSHGRID_TEST_NATS_SERVER || 'nats-server'
const MONGODB_SERVER = PUSHGRID_TEST_MONGODB_SERVER || 'mongod'

/** A nats-server of its own. */
export interface NatsBackend {
  /** `host:port` */
  readonly address: string
  readonly process: MeasuredProcess
}

/** Starts one with its defaults. */
export async function startNatsServer(): Promise<NatsBackend> {
  const port = String(await freePort())
  const server = await startProcess({
    name: 'nats-server',
    program: NATS_SERVER,
    args: ['--addr', '127.0.0.1', '--port', port],
    readyText: 'Server is ready',
  })
  return { address: `127.0.0.1:${port}`, process: server }
}

/** A MongoDB server of its own with an empty folder. */
export interface DatabaseBackend {
  readonly url: string
  stop(): Promise<void>
}

/** Starts one: a mongod by itself, or another program that takes what secantusd-py takes. */
export async function startDatabase(): Promise<DatabaseBackend> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pushgrid-bench-'))
  const port = String(await freePort())
  const isMongod = path.basename(MONGODB_SERVER) === 'mongod'
  const args = isMongod
    ? ['--bind_ip', '127.0.0.1', '--port', port, '--dbpath', folder]
    : ['--host', '127.0.0.1', '--port', port, '--storage-path', folder, '--log-level', 'WARNING']
  const server = await startProcess({ name: 'database', program: MONGODB_SERVER, args })
  await takesConnections(Number(port))
  return {
    url: `mongodb://127.0.0.1:${port}/bench?directConnection=true`,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function takesConnections(port: number): Promise<void> {
  for (let attempts = 0; attempts < 300; attempts += 1) {
    const socket = connect(port, '127.0.0.1')
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (connected) return
    await wait(100)
  }
  throw new Error('the database takes no connections')
}
