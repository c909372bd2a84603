import { ACTIONS } from '../plan/actions.ts'
import type { Flag } from './flags.ts'
import { RUN_FLAGS } from './run-flags.ts'

const COLUMNS = 100
const INDENT = ' '.repeat(6)

/** Help on `pushgrid bench`. */
export function benchHelp(): string {
  const actions = Object.entries(ACTIONS).map(([name, meaning]) => `  ${name.padEnd(19)} ${meaning}`)
  return `pushgrid bench SCENARIO|FILE [--flag value ...]: put a load on a server of the autopush protocol, and measure it.

  pushgrid bench list                     the scenarios there are
  pushgrid bench describe NAME            what one is for, and its plan
  pushgrid bench direct                   run one, on a server on this machine
  pushgrid bench FILE.yaml                run a plan of your own
  pushgrid bench report RESULT.json       make the report of a result again
  pushgrid bench compare A.json B.json    compare results
  pushgrid bench worker --nats URL        lend this machine to runs elsewhere
  pushgrid bench schema                   print the JSON schema of a result

It exits with 0, with 1 when a threshold failed, with 2 when it was used wrongly, with 3 when the run could not be done.

Flags
${Object.entries(RUN_FLAGS).map(flagHelp).join('\n')}

A plan has settings of the same names, and phases: load (a time with actions), connect, disconnect, unregister, answers, drain.
Actions
${actions.join('\n')}
`
}

function flagHelp([name, { placeholder, meaning, shownDefault, isMultiple }]: [string, Flag]): string {
  const head = `  --${name}${placeholder === undefined ? '' : ` ${placeholder}`}`
  const more = [shownDefault && `default ${shownDefault}`, isMultiple === true && 'may be repeated'].filter(
    Boolean,
  )
  return `${head}\n${wrapped(more.length === 0 ? meaning : `${meaning} (${more.join('; ')})`, INDENT)}`
}

/** Sets a text in lines of at most 100 columns. */
export function wrapped(text: string, indent: string): string {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line !== indent && line.length + word.length + 1 > COLUMNS) {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return [...lines, line].join('\n')
}
