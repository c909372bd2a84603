import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { inspect } from '../load/inspect.ts'
import { TargetError } from '../load/target-error.ts'
import { fit, readLimits } from '../measure/limits.ts'
import { ProcessSampler } from '../measure/processes.ts'
import type { Plan } from '../plan/plan.ts'
import { judge } from '../report/report.ts'
import { assemble } from '../result/assemble.ts'
import type { BenchResult } from '../result/result.ts'
import { runJob } from '../workers/run-job.ts'
import { holdsConnections, loadOf, needsBroadcasts } from './facts.ts'
import type { Progress } from './progress.ts'
import type { RunOptions } from './run-options.ts'

const RUN_BYTES = 4

/** What a run is given beside what its user asked for. */
export interface RunContext {
  /** Of Pushgrid. */
  readonly version: string
  /** Ends the run early; what was measured so far is the result. */
  readonly signal: AbortSignal
  /** Seconds since the start of the run. */
  readonly sinceStartS: () => number
  /** Where the user sees how it goes; undefined for one who does not want to. */
  readonly progress: Progress | undefined
}

/** Does a run and makes its result. @throws Error of one line when it could not be done */
export async function run(plan: Plan, options: RunOptions, context: RunContext): Promise<BenchResult> {
  const { wsUrl, verify, endpointOrigin, adminToken, staff, seed } = options
  const broadcasts = needsBroadcasts(plan) ? { adminToken } : undefined
  const { target, server } = await inspect({ wsUrl, verify, endpointOrigin, broadcasts, clock: systemClock })
  const sourceAddresses = limitsOf(plan, options, target.ws.address)
  const startedAt = new Date().toISOString()
  const { sinceStartS, progress, signal } = context
  const sampler = await ProcessSampler.start(options.processes, sinceStartS)
  const name = Buffer.from(createSystemRandom().bytes(RUN_BYTES)).toString('hex')
  const job = { plan, target, run: name, seed, sourceAddresses, adminToken: broadcasts && adminToken }
  const unused = unusedOptions(plan, options)
  progress?.begin(server, wsUrl)
  for (const { text } of unused) progress?.say(text)
  const crew = await runJob(job, staff, {
    sinceStartS,
    signal,
    live: (view) => progress?.show(view),
    entered: (index) => progress?.entered(index),
  })
  const processes = await sampler.stop()
  const facts = {
    version: context.version,
    label: options.label ?? server ?? wsUrl,
    scenario: {
      name: plan.name,
      summary: plan.summary,
      options: { ...plan.settings, phases: plan.phases },
      seed,
    },
    target: { wsUrl, endpointOrigin: target.endpointOrigin, server: server ?? null },
    load: loadOf(plan),
    startedAt,
    phases: crew.phases,
    warnings: [...unused, ...crew.warnings, ...endedEarly(signal)],
    holdsConnections: holdsConnections(plan),
  }
  const result = assemble(facts, crew.workers, processes)
  return { ...result, thresholds: judge(result, options.thresholds) }
}

/** What was given and has no part in this run: nobody is to believe that it had. */
function unusedOptions(plan: Plan, { adminToken }: RunOptions): BenchResult['warnings'] {
  const isTokenUnused = adminToken !== undefined && !needsBroadcasts(plan)
  const names = [...plan.unused, ...(isTokenUnused ? ['admin-token'] : [])]
  return names.map((name) => ({ code: 'unused-option', text: `--${name} changes nothing in this run` }))
}

function endedEarly({ aborted }: AbortSignal): BenchResult['warnings'] {
  return aborted ? [{ code: 'ended-early', text: 'the run was ended early, by its user' }] : []
}

/** Looks whether the machine allows what the plan asks for; gives the addresses to connect from. @throws TargetError when it does not */
function limitsOf({ settings }: Plan, { staff }: RunOptions, address: string): readonly string[] {
  const { openFiles, sourcePorts } = readLimits()
  const loopback = address.startsWith('127.')
  const here = staff.workers / (staff.workers + (staff.remote?.workers ?? 0))
  const connections = Math.ceil(settings.agents * here)
  const each = {
    connections: Math.ceil(connections / Math.max(1, staff.workers)),
    senders: settings.connectionsMax,
    loopback,
  }
  const files = fit(each, { openFiles, sourcePorts: Number.POSITIVE_INFINITY })
  const ports = fit(
    { connections, senders: 0, loopback },
    { openFiles: Number.POSITIVE_INFINITY, sourcePorts },
  )
  const [problem] = [...files.problems, ...ports.problems]
  if (problem !== undefined) throw new TargetError(problem)
  return ports.sourceAddresses
}
