import { createSystemRandom } from '../../cluster/clock.ts'
import type { ProcessSource } from '../measure/processes.ts'
import { SETTINGS } from '../plan/schema.ts'
import { parseThreshold, type Threshold } from '../report/report.ts'
import type { Staff } from '../workers/run-job.ts'
import { type Args, readArgs } from './flags.ts'
import { RUN_FLAGS } from './run-flags.ts'
import { UsageError } from './usage-error.ts'

/** What a command line asks for. */
export interface RunOptions {
  /** Name of a scenario, or a plan file. */
  readonly what: string
  /** Settings that win over those of the plan, not yet validated. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly wsUrl: string
  readonly endpointOrigin: string | undefined
  readonly verify: boolean
  readonly adminToken: string | undefined
  readonly seed: number
  readonly staff: Staff
  readonly processes: readonly ProcessSource[]
  readonly label: string | undefined
  readonly out: string
  readonly html: string | undefined
  readonly thresholds: readonly Threshold[]
  readonly isQuiet: boolean
}

const SEED_MAX = 2 ** 31 - 1
const WORKERS_MAX = 1024

/** Reads the command line of a run. @throws UsageError, or what thresholds throw */
export function readRunOptions(args: readonly string[]): RunOptions {
  const { words, flags } = readArgs(args, RUN_FLAGS)
  const [what = '', ...more] = words
  if (more.length > 0) throw new UsageError(`what is ${more.join(' ')}? One scenario or file at a time`)
  const one = (name: string) => flags.get(name)?.[0]
  return {
    what,
    settings: settingsOf(flags),
    wsUrl: urlOf('url', one('url') ?? 'ws://localhost:8080/', ['ws:', 'wss:']).href,
    endpointOrigin: originOf(one('endpoint-origin')),
    verify: !flags.has('insecure'),
    adminToken: one('admin-token'),
    seed:
      numberOf('seed', one('seed'), 0, SEED_MAX) ?? Math.floor(createSystemRandom().fraction() * SEED_MAX),
    staff: staffOf(one),
    processes: [...(flags.get('pid') ?? []).map(pidOf), ...(flags.get('metrics') ?? []).map(metricsOf)],
    label: one('label'),
    out: one('out') ?? 'bench-results',
    html: one('html'),
    thresholds: (flags.get('fail-if') ?? []).map(parseThreshold),
    isQuiet: flags.has('quiet'),
  }
}

/** Flags are text; where the plan wants numbers, they become numbers if they can. */
function settingsOf(flags: Args['flags']): Record<string, unknown> {
  const given = [...flags].filter(([name]) => name in SETTINGS)
  return Object.fromEntries(
    given.map(([name, [text = '']]) => {
      const isNumber =
        SETTINGS[name as keyof typeof SETTINGS]['placeholder'] !== 'DURATION' && /^\d+(\.\d+)?$/.test(text)
      return [name, isNumber ? Number(text) : text]
    }),
  )
}

function staffOf(one: (name: string) => string | undefined): Staff {
  const natsUrl = one('nats')
  const remote = numberOf('remote-workers', one('remote-workers'), 1, WORKERS_MAX)
  if ((natsUrl === undefined) !== (remote === undefined))
    throw new UsageError(
      '--nats and --remote-workers go together: where workers wait, and how many of them to take',
    )
  const workers = numberOf('workers', one('workers'), 1, WORKERS_MAX)
  if (natsUrl === undefined || remote === undefined) return { workers: workers ?? 1 }
  return { workers: workers ?? 0, remote: { natsUrl, workers: remote } }
}

function numberOf(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`--${name} is "${text}": must be a whole number from ${min} to ${max}`)
}

function urlOf(name: string, text: string, protocols: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && protocols.includes(url.protocol)) return url
  throw new UsageError(
    `--${name} is "${text}": must be a URL that begins with ${protocols.map((one) => `${one}//`).join(' or ')}`,
  )
}

function originOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : urlOf('endpoint-origin', text, ['http:', 'https:']).origin
}

function pidOf(text: string): ProcessSource {
  const [, name = 'server', pid] = /^(?:([^=]+)=)?(\d+)$/.exec(text) ?? []
  if (pid === undefined) throw new UsageError(`--pid is "${text}": must be like node=4711`)
  return { name, pid: Number(pid) }
}

function metricsOf(text: string): ProcessSource {
  const [, name = 'server', url = ''] = /^(?:([^=:/]+)=)?(.*)$/.exec(text) ?? []
  return { name, metricsUrl: urlOf('metrics', url, ['http:', 'https:']).href }
}
