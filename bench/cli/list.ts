import { stringify } from 'yaml'
import { SCENARIOS } from '../scenarios/scenarios.ts'
import { wrapped } from './help.ts'
import { unknownScenario } from './plan-of.ts'
import { UsageError } from './usage-error.ts'

/** The scenarios, a line each. */
export function listText(): string {
  const lines = Object.entries(SCENARIOS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}\n`)
  return `${lines.join('')}\n\`pushgrid bench describe NAME\` says more of one, and shows its plan.\n`
}

/** All about one scenario, with its plan as the file that it could be. @throws UsageError */
export function describeText([name, ...more]: readonly string[]): string {
  if (name === undefined || more.length > 0) throw new UsageError('say `pushgrid bench describe NAME`')
  const scenario = SCENARIOS[name]
  if (scenario === undefined) throw new UsageError(unknownScenario(name))
  const plan = stringify({ name, summary: scenario.summary, ...scenario.plan }, { lineWidth: 0 })
  return `${name}: ${scenario.summary}

${wrapped(scenario.about, '')}

Its plan, which can be copied into a file, changed, and run with \`pushgrid bench FILE\`:

${plan}`
}
