import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MongoClient } from 'mongodb'
import { systemClock } from '../../cluster/clock.ts'
import { imageOf } from './docker.ts'
import { freePort } from './free-port.ts'
import { MONGODB_SERVER } from './mongodb-server-program.ts'
import { requireProgram } from './programs.ts'
import { ServerProcess } from './server-process.ts'

/** A server that speaks MongoDB's protocol, for one suite. */
export interface MongoServer {
  /** URL of a database that nobody used before. */
  freshUrl(): string
  /** Lets go of it; one that was started for the suite ends. */
  stop(): Promise<void>
}

/** Variable of the environment with the URL of a running server; databases of it are dropped after use. */
const URL_VARIABLE = 'PUSHGRID_TEST_MONGODB_URL'
/** Both with failpoints: `failCommand` makes the server fail as we like. */
const SECANTUS_ARGUMENTS = ['--log-level', 'WARNING', '--enable-test-commands']
const MONGOD_ARGUMENTS = ['--quiet', '--replSet', 'test', '--setParameter', 'enableTestCommands=1']
const START_TIMEOUT_MS = 30_000

/** A server for tests that leave it alone: the running one of the environment, or one started for them. */
export async function useMongoServer(): Promise<MongoServer> {
  const url = process.env[URL_VARIABLE]
  return url ? new GivenMongoServer(url) : LocalMongoServer.start()
}

/** A running server that is not ours. */
class GivenMongoServer implements MongoServer {
  readonly #url: string
  readonly #databases: string[] = []

  constructor(url: string) {
    this.#url = url
  }

  freshUrl(): string {
    const database = freshDatabase()
    this.#databases.push(database)
    const url = new URL(this.#url)
    url.pathname = `/${database}`
    return url.href
  }

  async stop(): Promise<void> {
    const client = new MongoClient(this.#url)
    for (const database of this.#databases) await client.db(database).dropDatabase()
    await client.close()
  }
}

/** A server of our own on loopback with a fresh storage folder. It keeps port and folder through restarts. */
export class LocalMongoServer implements MongoServer {
  readonly #program: string
  readonly #folder: string
  readonly #port: number
  #run: ServerProcess | undefined

  private constructor(program: string, folder: string, port: number) {
    this.#program = program
    this.#folder = folder
    this.#port = port
  }

  /** Starts one; resolves when it can be written to. */
  static async start(): Promise<LocalMongoServer> {
    const program = await requireProgram(MONGODB_SERVER)
    const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-mongodb-'))
    const server = new LocalMongoServer(program, folder, await freePort())
    await server.restart()
    return server
  }

  /** What it has written since its last start, for the message of a failed test. */
  get output(): string {
    return this.#run?.output ?? ''
  }

  freshUrl(): string {
    return this.#url(freshDatabase())
  }

  /** SIGSTOP: hangs, with its connections open. */
  pause(): void {
    this.#run?.signal('SIGSTOP')
  }

  /** SIGCONT: goes on after a pause. */
  resume(): void {
    this.#run?.signal('SIGCONT')
  }

  /** Ends it, by SIGKILL unless told otherwise; resolves when it has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#run?.kill(signal)
  }

  /** Starts again after a kill, on the same folder; resolves when it can be written to. */
  async restart(): Promise<void> {
    this.#run = new ServerProcess({
      name: 'MongoDB server',
      program: this.#program,
      entrypoint: MONGODB_SERVER.files[0],
      args: argumentsOf(this.#program, this.#folder, this.#port),
      folder: this.#folder,
    })
    await this.#run.ready(this.#writable())
  }

  async stop(): Promise<void> {
    await this.#run?.kill('SIGTERM')
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Makes a replica set of a mongod that is none yet, and waits for its primary: itself. */
  async #writable(): Promise<void> {
    const client = new MongoClient(this.#url('admin'), { serverSelectionTimeoutMS: START_TIMEOUT_MS })
    try {
      const admin = client.db('admin')
      const { setName, isWritablePrimary } = await admin.command({ hello: 1 })
      if (!isWritablePrimary && setName === undefined) await admin.command({ replSetInitiate: {} })
      while (!(await admin.command({ hello: 1 }))['isWritablePrimary'])
        await new Promise<void>((resolve) => void systemClock.after(20, resolve))
    } finally {
      await client.close()
    }
  }

  #url(database: string): string {
    return `mongodb://127.0.0.1:${this.#port}/${database}?directConnection=true`
  }
}

function argumentsOf(program: string, folder: string, port: number): string[] {
  if (imageOf(program) === undefined && path.basename(program) !== 'mongod')
    return [...['--host', '127.0.0.1', '--port', `${port}`, '--storage-path', folder], ...SECANTUS_ARGUMENTS]
  return [...['--bind_ip', '127.0.0.1', '--port', `${port}`, '--dbpath', folder], ...MONGOD_ARGUMENTS]
}

function freshDatabase(): string {
  return `pushgrid_test_${randomUUID().replaceAll('-', '')}`
}
