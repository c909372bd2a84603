#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { createSystemRandom } from '../cluster/clock.ts'
import { nearest } from '../cluster/nearest.ts'
import { agentsHelp, COMMANDS, globalHelp, keysHelp, roleHelp, storeHelp } from './help.ts'
import { dropAgent, ofExisting, showAgent, statsText, uaidOf } from './inspect-commands.ts'
import { withInspector } from './inspector.ts'
import { quote } from './option-kinds.ts'
import { readOptions } from './read-options.ts'
import type { Role } from './role.ts'
import { formatServiceKey, newServiceKey } from './service-keys.ts'
import { StartError } from './start-error.ts'
import { checkStore } from './store-check.ts'
import { version } from './version.ts'

const HELP: readonly (string | undefined)[] = ['--help', '-h', 'help']

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StartError)) throw error
  process.stderr.write(`pushgrid: ${error.message}\n`)
  process.exit(error.exitCode)
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
    case 'store':
      return storeCommand(args)
    case 'agents':
      return agentsCommand(args)
    case 'bench':
      return benchmark(args)
    case 'agent':
    case 'send':
      return (await import('./by-hand/command.ts')).runByHand(command, args)
    default:
      throw unknownCommand(command)
  }
}

async function roleCommand(role: Role, args: readonly string[]): Promise<void> {
  const request = readOptions(args, process.env)
  if (request.kind === 'help') return print(roleHelp(role))
  // Loaded only then: help and the other commands come sooner.
  const { runRole } = await import('./run-role.ts')
  return runRole({ role, args, file: fileURLToPath(import.meta.url) }, request.options)
}

function keysCommand([verb, ...rest]: readonly string[]): void {
  if (HELP.includes(verb)) {
    print(keysHelp())
    return
  }
  if (verb !== 'new' || rest.length > 0) throw new StartError('say `pushgrid keys new` to make a service key')
  print(`${formatServiceKey(newServiceKey(createSystemRandom()))}\n`)
}

async function storeCommand([verb, ...rest]: readonly string[]): Promise<void> {
  if (HELP.includes(verb)) return print(storeHelp())
  if (verb !== 'check' && verb !== 'stats')
    throw new StartError(
      'say `pushgrid store check` to look at the database, `pushgrid store stats` to count what is in it',
    )
  const request = readOptions(rest, process.env)
  if (request.kind === 'help') return print(storeHelp())
  const { options } = request
  if (verb === 'stats')
    return print(statsText(await withInspector(options, (inspector) => inspector.stats())))
  if (!(await checkStore(options, print))) process.exitCode = 1
}

async function agentsCommand([verb, text, ...rest]: readonly string[]): Promise<void> {
  if (HELP.includes(verb) || HELP.includes(text)) return print(agentsHelp())
  if (verb !== 'show' && verb !== 'drop')
    throw new StartError('say `pushgrid agents show UAID` or `pushgrid agents drop UAID`')
  const uaid = uaidOf(text)
  const request = readOptions(rest, process.env)
  if (request.kind === 'help') return print(agentsHelp())
  const command = verb === 'show' ? showAgent : dropAgent
  print(ofExisting(await withInspector(request.options, (inspector) => command(inspector, uaid))))
}

/** The load suite is loaded only for those who measure. */
async function benchmark(args: readonly string[]): Promise<void> {
  const { benchCommand } = await import('../bench/cli/bench.ts')
  const { stdout, stderr, env } = process
  process.exitCode = await benchCommand(args, { version: version(), stdout, stderr, env })
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
