#!/usr/bin/env node
import type { Logger } from 'pino'
import { createSystemRandom, systemClock } from '../cluster/clock.ts'
import { banner, type Listening, websocketUrl } from './banner.ts'
import { COMMANDS, globalHelp, keysHelp, serveHelp } from './help.ts'
import { createLog } from './log.ts'
import { nearest } from './nearest.ts'
import { quote } from './option-kinds.ts'
import type { Options } from './options.ts'
import { readOptions } from './read-options.ts'
import { exitOnDefect, exitOnSignal } from './run.ts'
import { type Parts, serve } from './serve.ts'
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
      return serveCommand(args)
    case 'keys':
      return keysCommand(args)
    case 'node':
    case 'endpoint':
      throw new StartError(
        `the role ${command} is not in this version yet; \`pushgrid serve\` runs everything in one process`,
      )
    default:
      throw unknownCommand(command)
  }
}

async function serveCommand(args: readonly string[]): Promise<void> {
  const request = readOptions(args, process.env)
  if (request.kind === 'help') return print(serveHelp())
  const { options } = request
  // Whatever is written is for the owner only, also in a folder that others may look into.
  process.umask(0o077)
  const log = createLog(options, process.stdout)
  exitOnDefect(process, log)
  const clock = systemClock
  const serving = await serve(options, await loadParts(), { clock, random: createSystemRandom(), log })
  exitOnSignal(options, serving, { host: process, clock, log })
  announce(options, serving.listening, log)
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

/** Says where it listens: to machines in the log, to people in the banner, which stays out of a stdout of JSON lines. */
function announce(options: Options, listening: Listening, log: Logger): void {
  const wsUrl = websocketUrl(options.host, listening)
  log.info({ ...listening, wsUrl, dataDir: options.dataDir }, 'listening')
  const { stdout, stderr } = process
  if (stdout.isTTY) stdout.write(banner(options, listening, stdout.hasColors()))
  else stderr.write(banner(options, listening, false))
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
