import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MongoClient } from 'mongodb'
import { freePort } from '../../bench/lab/free-ports.ts'
import { systemClock } from '../../cluster/clock.ts'
import { imageOf } from './docker.ts'
import { MONGODB_SERVER } from './mongodb-server-program.ts'
import { requireProgram } from './programs.ts'
import { type ProcessOptions, ServerProcess } from './server-process.ts'

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
/** Its data would hold it to the port it had as the member of a replica set. */
const LASTING_MONGOD_ARGUMENTS = ['--quiet']
const START_TIMEOUT_MS = 60_000

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

/** How to start a server of one's own. */
export interface LocalMongoOptions {
  /** Where its data stays for another time; by default it begins empty, and ends so. */
  readonly lastingFolder?: string
  /** More about its process. */
  readonly process?: ProcessOptions
}

/** A server of our own on loopback. It keeps port and folder through restarts. */
export class LocalMongoServer implements MongoServer {
  readonly #options: LocalMongoOptions
  readonly #program: string
  readonly #folder: string
  readonly #port: number
  #run: ServerProcess | undefined

  private constructor(options: LocalMongoOptions, program: string, folder: string, port: number) {
    this.#options = options
    this.#program = program
    this.#folder = folder
    this.#port = port
  }

  /** Starts one; resolves when it can be written to. */
  static async start(options: LocalMongoOptions = {}): Promise<LocalMongoServer> {
    const program = await requireProgram(MONGODB_SERVER)
    const folder = options.lastingFolder ?? (await mkdtemp(path.join(tmpdir(), 'pushgrid-mongodb-')))
    const server = new LocalMongoServer(options, program, folder, await freePort())
    await server.restart()
    return server
  }

  /** `host:port` */
  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Its run. */
  get process(): ServerProcess {
    if (this.#run === undefined) throw new Error('mongodb was never started')
    return this.#run
  }

  /** What it has written since its last start, for the message of a failed test. */
  get output(): string {
    return this.#run?.output ?? ''
  }

  freshUrl(): string {
    return this.url(freshDatabase())
  }

  /** URL of a database. */
  url(database: string): string {
    return `mongodb://${this.address}/${database}?directConnection=true`
  }

  /** SIGSTOP: hangs, with its connections open; resolves when it does nothing any more. */
  async pause(): Promise<void> {
    this.#run?.signal('SIGSTOP')
    await this.#run?.stopped()
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
      name: 'mongodb',
      ...this.#options.process?.('mongodb'),
      program: this.#program,
      entrypoint: MONGODB_SERVER.files[0],
      args: this.#arguments,
      folder: this.#folder,
    })
    await this.#run.ready(this.#writable())
  }

  async stop(): Promise<void> {
    const isLasting = this.#options.lastingFolder !== undefined
    // What is thrown away needs no good end, which may never come where it had to wait.
    await this.#run?.kill(isLasting ? 'SIGTERM' : 'SIGKILL')
    if (isLasting) return
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  get #arguments(): string[] {
    const port = `${this.#port}`
    const isMongod = imageOf(this.#program) !== undefined || path.basename(this.#program) === 'mongod'
    if (!isMongod)
      return ['--host', '127.0.0.1', '--port', port, '--storage-path', this.#folder, ...SECANTUS_ARGUMENTS]
    const lasting = this.#options.lastingFolder !== undefined
    const more = lasting ? LASTING_MONGOD_ARGUMENTS : MONGOD_ARGUMENTS
    return ['--bind_ip', '127.0.0.1', '--port', port, '--dbpath', this.#folder, ...more]
  }

  /** Makes a replica set of a mongod that is none yet, and waits for its primary: itself. */
  async #writable(): Promise<void> {
    const client = new MongoClient(this.url('admin'), { serverSelectionTimeoutMS: START_TIMEOUT_MS })
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
}

function freshDatabase(): string {
  return `pushgrid_test_${randomUUID().replaceAll('-', '')}`
}
