import type { Logger } from 'pino'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import type { Parts } from './assembly.ts'
import { banner, type Listening, websocketUrl } from './banner.ts'
import { createLog } from './log.ts'
import type { Options } from './options.ts'
import { reloadOnSignal } from './reload.ts'
import type { Role } from './role.ts'
import { startRole, stopMsOf } from './roles.ts'
import { exitOnDefect, exitOnSignal } from './run.ts'
import { StartError } from './start-error.ts'
import { linkToParent, type WorkerLink } from './worker-link.ts'
import { startWorkers, type WorkerProgram } from './workers.ts'

/** A command line that runs a role. */
export interface RoleCommand {
  readonly role: Role
  /** What followed the role. */
  readonly args: readonly string[]
  /** The file of the command line, for workers to run. */
  readonly file: string
}

/**
 * Runs a role until a signal ends it: in this process, or as the parent of several. Resolves once it serves.
 * @throws StartError
 */
export async function runRole(command: RoleCommand, options: Options): Promise<void> {
  const { role } = command
  // Whatever is written is for the owner only, also in a folder that others may look into.
  process.umask(0o077)
  const link = linkToParent(process.env)
  if (link !== undefined) return runWorker(role, options, link)
  if (role === 'serve' || options.workers === 1) return runAlone(role, options)
  return runParent({ ...command, role }, options)
}

async function runAlone(role: Role, options: Options): Promise<void> {
  const deps = depsOf(options)
  const starting = startRole(role, options, await loadParts(), deps)
  reloadOnSignal(starting, { host: process, ...deps })
  const serving = await starting
  exitOnSignal(serving, { host: process, ...deps })
  void serving.failed.then((reason) => {
    deps.log.fatal({ reason }, 'this process must not go on')
    process.exit(1)
  })
  announce(role, options, serving.listening, deps.log)
}

async function runWorker(role: Role, options: Options, link: WorkerLink): Promise<void> {
  const deps = depsOf(options, link.number)
  try {
    const starting = startRole(role, options, await loadParts(), deps, link)
    reloadOnSignal(starting, { host: process, ...deps })
    const serving = await starting
    link.serving(serving.listening, exitOnSignal(serving, { host: process, ...deps }))
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    await link.failed(error.message)
    process.exit(1)
  }
}

async function runParent(program: WorkerProgram, options: Options): Promise<void> {
  const deps = depsOf(options)
  const serving = await startWorkers(program, options, deps)
  const stopMs = stopMsOf(program.role, options)
  exitOnSignal({ stop: serving.stop, stopMs }, { host: process, ...deps })
  process.on('SIGHUP', () => serving.signal('SIGHUP'))
  announce(program.role, options, serving.listening, deps.log.child({ workers: options.workers }))
}

/** What everything in this process works with; a defect ends it from now on. */
function depsOf(options: Options, worker?: number) {
  const common = createLog(options, process.stdout)
  const log = worker === undefined ? common : common.child({ worker })
  exitOnDefect(process, log)
  return { clock: systemClock, random: createSystemRandom(), log }
}

/** Loads the servers only when they are to run: help comes at once, and comes where a binary of theirs can't be loaded. */
async function loadParts(): Promise<Parts> {
  try {
    return (await import('./parts.ts')).parts
  } catch (error) {
    throw new StartError(
      `the service can't be loaded, is it installed for this system (npm ci)? ${error}`,
      error,
    )
  }
}

/**
 * Says where it listens: to machines in the log, to people who run the whole service in the banner, which stays out of a
 * stdout of JSON lines.
 */
function announce(role: Role, options: Options, listening: Listening, log: Logger): void {
  const { wsPort, httpPort, publicUrl } = listening
  const wsUrl = wsPort === undefined ? undefined : websocketUrl(options, { wsPort, publicUrl })
  const dataDir = role === 'serve' ? options.dataDir : undefined
  log.info({ role, ...listening, wsUrl, dataDir }, 'listening')
  if (wsPort === undefined || httpPort === undefined) return
  const { stdout, stderr } = process
  const reached = { ...listening, wsPort, httpPort }
  if (stdout.isTTY) stdout.write(banner(options, reached, stdout.hasColors()))
  else stderr.write(banner(options, reached, false))
}
