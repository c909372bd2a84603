import type { ActionName } from './actions.ts'
import { parseDuration } from './durations.ts'
import type {
  ConnectPhase,
  DisconnectPhase,
  LoadPhase,
  Phase,
  Plan,
  Settings,
  UnregisterPhase,
} from './plan.ts'
import { PlanError } from './plan-error.ts'
import { PHASES, type PlanFile, PlanFileSchema, SETTINGS, type SettingsFile } from './schema.ts'
import { unusedSettings } from './unused.ts'
import { shown, unknownName, validated } from './validate.ts'

/** How long connecting may take before what has not succeeded is given up. */
const CONNECT_WITHIN_MS = 120_000
const WAIT_WITHIN_MS = 60_000
/** Connects at a time where a phase names no pace: fast, and no storm. */
const AT_A_TIME = 50

/**
 * Makes a plan whole: validates it, fills in what is left out, and puts flags in front of what it says for the whole run.
 * @param file what was read, not yet validated
 * @param flags settings of the command line, validated here, too
 * @throws PlanError
 */
export function resolvePlan(file: unknown, flags: Readonly<Record<string, unknown>>, name: string): Plan {
  const plan = validated(PlanFileSchema, file, '')
  checkFlags(flags)
  const settings = settingsOf({ ...defaults(), ...settingsIn(plan), ...(flags as SettingsFile) })
  const phases = plan.phases
    .map((phase, index) => phaseOf(phase, `phases[${index}]`, settings))
    .filter((phase) => phase.do !== 'load' || phase.durationMs > 0)
  if (!phases.some(({ measured }) => measured))
    throw new PlanError('no phase is measured: give one `measured: true`')
  const unused = unusedSettings(plan as PlanFile, flags)
  return { name: plan.name ?? name, summary: plan.summary ?? '', settings, phases, unused }
}

function checkFlags(flags: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(flags)) {
    const schema = SETTINGS[name as keyof typeof SETTINGS]
    validated(schema, value, `--${name}`)
  }
}

function defaults(): SettingsFile {
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, schema]) => [name, schema['default']]))
}

function settingsIn(plan: PlanFile | Record<string, unknown>): SettingsFile {
  return Object.fromEntries(Object.entries(plan).filter(([name]) => name in SETTINGS))
}

function settingsOf(file: SettingsFile): Settings {
  const need = <K extends keyof SettingsFile>(name: K): NonNullable<SettingsFile[K]> => {
    const value = file[name]
    if (value === undefined || value === null) throw new PlanError(`${name} is missing`)
    return value
  }
  return {
    agents: need('agents'),
    channels: need('channels'),
    rate: need('rate'),
    durationMs: durationOf(need('duration'), 'duration'),
    warmUpMs: durationOf(need('warm-up'), 'warm-up'),
    arrivals: need('arrivals'),
    closed: need('closed'),
    bodyBytes: need('body'),
    ttlS: need('ttl'),
    vapidShare: need('vapid-share'),
    applications: need('applications'),
    topics: need('topics'),
    connectionsMax: need('connections-max'),
    timeoutMs: durationOf(need('timeout'), 'timeout'),
    settleMs: durationOf(need('settle'), 'settle'),
  }
}

function durationOf(value: string | number, where: string): number {
  const ms = parseDuration(value)
  if (ms === undefined) throw new PlanError(`${where} is ${shown(value)}: must be a duration`)
  return ms
}

function phaseOf(file: unknown, where: string, settings: Settings): Phase {
  switch (kindOf(file, where)) {
    case 'load':
      return load(validated(PHASES.load, file, where), where, settings)
    case 'connect':
      return connect(validated(PHASES.connect, file, where), where, settings)
    case 'disconnect':
      return disconnect(validated(PHASES.disconnect, file, where))
    case 'unregister':
      return unregister(validated(PHASES.unregister, file, where))
    case 'answers':
      return waiting('answers', validated(PHASES.answers, file, where), where)
    case 'drain':
      return waiting('drain', validated(PHASES.drain, file, where), where)
  }
}

function kindOf(file: unknown, where: string): keyof typeof PHASES {
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new PlanError(
      `${where} is ${shown(file)}: must be a phase, like { name: peak, duration: 30s, rate: 200 }`,
    )
  const kind: unknown = 'do' in file ? file.do : 'load'
  const kinds = Object.keys(PHASES)
  if (typeof kind !== 'string' || !kinds.includes(kind))
    throw new PlanError(unknownName(`${where}.do ${shown(kind)}`, String(kind), kinds))
  return kind as keyof typeof PHASES
}

type File<K extends keyof typeof PHASES> = ReturnType<typeof validated<(typeof PHASES)[K]>>

function load(file: File<'load'>, where: string, settings: Settings): LoadPhase {
  const measured = file.measured ?? true
  const actions = Object.entries(file.actions ?? {}).filter(([, weight]) => weight > 0)
  const { rate = settings.rate } = file
  const own = file.duration === undefined ? undefined : durationOf(file.duration, `${where}.duration`)
  return {
    do: 'load',
    name: file.name ?? (measured ? (actions.length > 0 ? 'load' : 'hold') : 'warm-up'),
    measured,
    durationMs: own ?? (measured ? settings.durationMs : settings.warmUpMs),
    arrivals: file.arrivals ?? settings.arrivals,
    closed: file.closed ?? settings.closed,
    rate: typeof rate === 'number' ? { from: rate, to: rate } : rate,
    actions: actions as [ActionName, number][],
  }
}

function connect(file: File<'connect'>, where: string, settings: Settings): ConnectPhase {
  const paces = (['rate', 'at-a-time', 'at-once'] as const).filter((name) => file[name] !== undefined)
  if (paces.length > 1)
    throw new PlanError(`${where} has ${paces.join(' and ')}: must be one of rate, at-a-time and at-once`)
  const perSecond = file.rate === 'rate' ? settings.rate : file.rate
  if (perSecond === 0)
    throw new PlanError(`${where}.rate is 0: must be more, for user agents to connect at all`)
  return {
    do: 'connect',
    name: file.name ?? 'connect',
    measured: file.measured ?? false,
    share: file.share ?? 1,
    pace:
      perSecond !== undefined
        ? { kind: 'rate', perSecond, arrivals: settings.arrivals }
        : file['at-once'] === true
          ? { kind: 'atOnce' }
          : { kind: 'atATime', count: file['at-a-time'] ?? AT_A_TIME },
    withinMs: file.within === undefined ? CONNECT_WITHIN_MS : durationOf(file.within, `${where}.within`),
  }
}

function disconnect(file: File<'disconnect'>): DisconnectPhase {
  const { name = 'disconnect', measured = false, share = 1, how = 'drop' } = file
  return { do: 'disconnect', name, measured, share, how }
}

function unregister(file: File<'unregister'>): UnregisterPhase {
  const { name = 'unregister', measured = false, share = 1 } = file
  return { do: 'unregister', name, measured, share }
}

function waiting<Kind extends 'answers' | 'drain'>(kind: Kind, file: File<Kind>, where: string) {
  const { name = kind, measured = false, within } = file
  const withinMs = within === undefined ? WAIT_WITHIN_MS : durationOf(within, `${where}.within`)
  return { do: kind, name, measured, withinMs }
}
