import type { PhaseFile, PlanFile, SettingsFile } from './schema.ts'

type Name = keyof SettingsFile

/** What has a part in every run: user agents, their subscriptions, and how long is waited. */
const ALWAYS: readonly Name[] = ['agents', 'channels', 'vapid-share', 'applications', 'timeout', 'settle']

/**
 * Names of the settings of the command line that change nothing in a plan: whoever gives one believes that it had a part in what comes out. A phase
 * that says its own does not use that of the whole run.
 */
export function unusedSettings(plan: PlanFile, flags: SettingsFile): readonly string[] {
  const closed = flags.closed ?? plan.closed ?? 0
  const used = new Set<string>([...ALWAYS, ...plan.phases.flatMap((phase) => usedBy(phase, closed))])
  return Object.keys(flags).filter((name) => !used.has(name))
}

function usedBy(phase: PhaseFile, closed: number): readonly Name[] {
  if (phase.do === undefined || phase.do === 'load') return usedByLoad(phase, closed)
  if (phase.do !== 'connect' || phase.rate === undefined) return []
  return phase.rate === 'rate' ? ['rate', 'arrivals'] : ['arrivals']
}

function usedByLoad(phase: Extract<PhaseFile, { do?: 'load' }>, closed: number): readonly Name[] {
  const { actions = {}, measured = true } = phase
  const names = Object.entries(actions).flatMap(([name, weight]) => (weight > 0 ? [name] : []))
  const arriving: readonly Name[] =
    names.length === 0 ? [] : (phase.closed ?? closed) > 0 ? ['closed'] : ['closed', 'rate', 'arrivals']
  const needed: readonly Name[] = [measured ? 'duration' : 'warm-up', ...arriving]
  const own: Readonly<Record<string, unknown>> = { ...phase, 'warm-up': phase.duration }
  return [...needed.filter((name) => own[name] === undefined), ...names.flatMap(usedByAction)]
}

function usedByAction(action: string): readonly Name[] {
  if (action === 'broadcast') return ['connections-max']
  if (!action.startsWith('post')) return []
  return [
    'body',
    'connections-max',
    ...(action === 'post-ttl0' ? [] : (['ttl'] as const)),
    ...(action.endsWith('topic') ? (['topics'] as const) : []),
  ]
}
