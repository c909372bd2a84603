import { flagOf, OPTIONS, type Option, variableOf } from './options.ts'
import type { Role } from './role.ts'

/** Width that the help is set for. */
const COLUMNS = 100
const COMMAND_COLUMNS = 13
const FLAG_COLUMNS = 31
const VARIABLE_COLUMNS = 29
const INDENT = ' '.repeat(6)

/** The commands there are, with one line each. */
export const COMMANDS = {
  serve: 'serve user agents and application servers from this one process',
  node: 'serve user agents as one process of a cluster',
  endpoint: 'serve application servers as one process of a cluster',
  'store check': 'look whether a MongoDB database can be reached and written, and has its indexes',
  'store stats': 'count what is in the store',
  'agents show': 'say what is kept of a user agent, by its UAID',
  'agents drop': 'drop a user agent with its subscriptions and messages',
  bench: 'put a load on a server, this one or another, and measure it; `pushgrid bench --help`',
  'keys new': 'print a new service key, for PUSHGRID_SERVICE_KEYS',
  agent: 'be a user agent of any push service: subscribe, and show what comes',
  send: 'be an application server: send a message to a subscription',
} as const

/** Help on everything. */
export function globalHelp(): string {
  const commands = Object.entries(COMMANDS).map(
    ([name, meaning]) => `  pushgrid ${name.padEnd(COMMAND_COLUMNS)}${meaning}`,
  )
  return `Pushgrid, a self-hostable Web Push service that Firefox works with unchanged.

Commands
${commands.join('\n')}
  pushgrid --version

${optionsHelp()}`
}

/** Help on a role. */
export function roleHelp(role: Role): string {
  return `pushgrid ${role} [--flag value ...]: ${COMMANDS[role]}.
${role === 'serve' ? ALONE : NEEDED}
${optionsHelp()}`
}

const NEEDED = `
A cluster is any number of nodes and endpoints on one NATS cluster and one MongoDB database. Each
needs PUSHGRID_NATS_URL, PUSHGRID_MONGODB_URL and PUSHGRID_SERVICE_KEYS. Give all of them the same
options, for the limits of the one side rely on those of the other. With --workers one command is
several processes, which share its port.
`

const ALONE = `
Without PUSHGRID_NATS_URL it is alone: its store is in the data folder or, with
PUSHGRID_MONGODB_URL, in a database from which no second process can serve at the same time.
`

/** Help on `keys`. */
export function keysHelp(): string {
  return `pushgrid keys new: ${COMMANDS['keys new']}.

To change keys, put the new one in front and keep the old ones as long as subscriptions made with them are in use:
endpoint URLs are sealed with the first and opened with any. Up to 4 keys, separated by commas.
`
}

/** Help on `store`. */
export function storeHelp(): string {
  const { mongodbUrl, putTimeoutMs, dataDir } = OPTIONS
  return `pushgrid store check [--flag value ...]: ${COMMANDS['store check']}.

It makes nothing and leaves nothing behind; indexes are made when a process of the service starts. It prints one
line for each thing it looks at and exits with 0 when all are ok, else with 1. Of the options it uses

${optionHelp(['mongodbUrl', mongodbUrl])}
${optionHelp(['putTimeoutMs', putTimeoutMs])}

pushgrid store stats [--flag value ...]: ${COMMANDS['store stats']}.

It looks at a sample only, however much there is, and says so where a number is an estimate. It works beside
processes that serve. Of the options it uses

${optionHelp(['mongodbUrl', mongodbUrl])}
${optionHelp(['dataDir', dataDir])}
`
}

/** Help on `agents`. */
export function agentsHelp(): string {
  const { mongodbUrl, dataDir } = OPTIONS
  return `pushgrid agents show UAID [--flag value ...]: ${COMMANDS['agents show']}.
pushgrid agents drop UAID [--flag value ...]: ${COMMANDS['agents drop']}.

Both work beside processes that serve: on the database, or by way of the one process that has the data folder open,
as its user. A user agent that is dropped is issued a new UAID when it connects the next time, and its subscriptions
have to be made anew. Of the options they use

${optionHelp(['mongodbUrl', mongodbUrl])}
${optionHelp(['dataDir', dataDir])}
`
}

/** Every option: flag, variable and default on one line, what it means below. */
function optionsHelp(): string {
  const options = Object.entries<Option<unknown>>(OPTIONS)
  const groups = [...new Set(options.map(([, option]) => option.group))]
  const sections = groups.map((group) => {
    const members = options.filter(([, option]) => option.group === group)
    return `${group}\n${members.map(optionHelp).join('\n')}\n`
  })
  return `Options are flags or environment variables; a flag wins. The third column is the default.

${sections.join('\n')}`
}

function optionHelp([name, option]: [string, Option<unknown>]): string {
  const flag = `  ${flagOf(name)} ${option.kind.placeholder}`.padEnd(FLAG_COLUMNS)
  const head = `${flag} ${variableOf(name).padEnd(VARIABLE_COLUMNS)} ${option.shown}`
  const { hint } = option.kind
  return [head, ...wrapped(hint === '' ? option.meaning : `${option.meaning} (${hint})`)].join('\n')
}

/** Breaks a text into lines that fit, each of them indented. */
export function wrapped(text: string, indent = INDENT): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line !== indent && line.length + word.length + 1 > COLUMNS) {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return [...lines, line]
}
