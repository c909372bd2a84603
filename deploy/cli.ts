#!/usr/bin/env node
import type { Logger } from 'pino'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import type { Parts } from './assembly.ts'
import { banner, type Listening, websocketUrl } from './banner.ts'
import { COMMANDS, globalHelp, keysHelp, roleHelp } from './help.ts'
import { createLog } from './log.ts'
import { nearest } from './nearest.ts'
import { quote } from './option-kinds.ts'
import type { Options } from './options.ts'
import { readOptions } from './read-options.ts'
import { reloadOnSignal } from './reload.ts'
import { type Role, startRole } from './roles.ts'
import { exitOnDefect, exitOnSignal } from './run.ts'
import { formatServiceKey, newServiceKey } from './service-keys.ts'
import { StartError } from './start-error.ts'
import { version } from './version.ts'

const HELP: readonly (string | undefined)[] = ['--help', '-h', 'help']

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StartError)) throw error
  process.stderr.write(`pushgrid: ${error.message}\n`)
  process.exit(1)
}

async function main([command, ...args]: string[]): Promise<void> {
  if (HELP.includes(command)) return print(globalHelp())
  switch (command) {
    case '--version':
      return print(`${version()}\n`)
    case 'serve':
    case 'node':
    case 'endpoint':
      return roleCommand(command, args)
    case 'keys':
      return keysCommand(args)
    default:
      throw unknownCommand(command)
  }
}

async function roleCommand(role: Role, args: readonly string[]): Promise<void> {
  const request = readOptions(args, process.env)
  if (request.kind === 'help') return print(roleHelp(role))
  const { options } = request
  // Whatever is written is for the owner only, also in a folder that others may look into.
  process.umask(0o077)
  const log = createLog(options, process.stdout)
  exitOnDefect(process, log)
  const clock = systemClock
  const deps = { clock, random: createSystemRandom(), log }
  const starting = startRole(role, options, await loadParts(), deps)
  reloadOnSignal(starting, { host: process, log })
  const serving = await starting
  exitOnSignal(options, serving, { host: process, clock, log })
  announce(role, options, serving.listening, log)
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

function keysCommand([verb, ...rest]: readonly string[]): void {
  if (HELP.includes(verb)) {
    print(keysHelp())
    return
  }
  if (verb !== 'new' || rest.length > 0) throw new StartError('say `pushgrid keys new` to make a service key')
  print(`${formatServiceKey(newServiceKey(createSystemRandom()))}\n`)
}

/**
 * Says where it listens: to machines in the log, to people who run the whole service in the banner, which stays out of a
 * stdout of JSON lines.
 */
function announce(role: Role, options: Options, listening: Listening, log: Logger): void {
  const { wsPort, httpPort, publicUrl } = listening
  const wsUrl = wsPort === undefined ? undefined : websocketUrl(options.host, { wsPort, publicUrl })
  const dataDir = role === 'serve' ? options.dataDir : undefined
  log.info({ role, ...listening, wsUrl, dataDir }, 'listening')
  if (wsPort === undefined || httpPort === undefined) return
  const { stdout, stderr } = process
  const reached = { wsPort, httpPort, publicUrl }
  if (stdout.isTTY) stdout.write(banner(options, reached, stdout.hasColors()))
  else stderr.write(banner(options, reached, false))
}

function unknownCommand(command: string | undefined): StartError {
  const names = Object.keys(COMMANDS)
  if (command === undefined) return new StartError(`say what to do: ${names.join(', ')}; --help tells more`)
  const near = nearest(command, names)
  return new StartError(
    `${quote(command)} is no command; ${near ? `did you mean ${near}?` : '--help lists all'}`,
  )
}

function print(text: string): void {
  process.stdout.write(text)
}
