import { COMMANDS, wrapped } from '../help.ts'
import { flagOf } from '../option.ts'
import { AGENT_FLAGS } from './agent-flags.ts'
import type { Flag, Flags } from './flags.ts'
import { SEND_FLAGS } from './send-flags.ts'

const FLAG_COLUMNS = 26

/** Help on `agent`. */
export function agentHelp(): string {
  return `pushgrid agent [--flag value ...]: ${COMMANDS.agent}.

It prints the JSON of each subscription, as \`pushgrid send\`, the web-push libraries and their kin
take it, and then each message, decrypted. Without --channel it has those it had, or one named
"default". After a lost connection it comes again; a server that does not know it any more issues a
new UAID, and its subscriptions are made anew, with other endpoints.

${flagsHelp(AGENT_FLAGS)}

Exit codes: 0 done, 1 refused or not in time, 2 wrong use, 3 no server there.
`
}

/** Help on `send`. */
export function sendHelp(): string {
  return `pushgrid send SUBSCRIPTION.json ["text"] [--flag value ...]: ${COMMANDS.send}.

The subscription is what \`pushgrid agent --subscription FILE\` writes, or any other one: the JSON of
a browser's PushSubscription. The text is encrypted for it; without a text the message is empty. A
text that begins with a dash comes after --.

${flagsHelp(SEND_FLAGS)}

Exit codes: 0 accepted (with --receipt: acknowledged), 1 refused or not delivered, 2 wrong use, 3 no
server there.
`
}

function flagsHelp(flags: Flags): string {
  return Object.entries(flags).map(flagHelp).join('\n')
}

function flagHelp([name, flag]: [string, Flag]): string {
  const head = flag.takes === 'nothing' ? flagOf(name) : `${flagOf(name)} ${flag.kind.placeholder}`
  const hint = flag.takes === 'nothing' || flag.kind.hint === '' ? '' : ` (${flag.kind.hint})`
  const [first = '', ...others] = wrapped(`${flag.meaning}${hint}`, ' '.repeat(FLAG_COLUMNS))
  return [`  ${head}`.padEnd(FLAG_COLUMNS) + first.trimStart(), ...others].join('\n')
}
