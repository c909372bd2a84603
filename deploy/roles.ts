import type { Assembly, Parts, ProcessDeps, WorkerPlace } from './assembly.ts'
import type { Listening } from './banner.ts'
import { readCertificate } from './certificate.ts'
import { CertificateKeeper } from './certificate-keeper.ts'
import { OwnFigures } from './console/own-figures.ts'
import { startEndpointRole } from './endpoint.ts'
import { addCertificateMetrics } from './metrics/certificate-metrics.ts'
import { Metrics } from './metrics/metrics.ts'
import { startNodeRole } from './node.ts'
import { type Options, variableOf } from './options.ts'
import type { Role } from './role.ts'
import { startServe } from './serve.ts'
import { StartError } from './start-error.ts'
import { Started } from './started.ts'
import { openTracer } from './tracing.ts'

/** A process that serves. */
export interface Serving {
  readonly listening: Listening
  /** The longest time that `stop` may take. */
  readonly stopMs: number
  /** Reads again what may change while it serves. */
  reload(): void
  /** Drains and stops everything; `failed` when a part could not be stopped properly (the log says which). */
  stop(): Promise<'stopped' | 'failed'>
  /** Resolves with the reason when the process must not go on. */
  readonly failed: Promise<string>
}

const STARTS: { readonly [R in Role]: (assembly: Assembly) => Promise<Listening> } = {
  serve: startServe,
  node: startNodeRole,
  endpoint: startEndpointRole,
}

/** Time over which user agents are let go unless an operator says otherwise: those of a process that serves alone have nowhere to go. */
const DRAIN_MS: { readonly [R in Role]: number } = { serve: 0, node: 30_000, endpoint: 0 }

/**
 * Starts a process: one part after the other, each on top of those before it. They are stopped in the opposite order.
 * @param worker its place, where it is one of several workers that share a port
 * @throws StartError when a part can't start; what was started by then is stopped again
 */
export async function startRole(
  role: Role,
  options: Options,
  parts: Parts,
  deps: ProcessDeps,
  worker?: WorkerPlace,
): Promise<Serving> {
  const started = new Started(deps.log)
  let fail: (reason: string) => void = () => {}
  const failed = new Promise<string>((resolve) => {
    fail = resolve
  })
  const reloads: (() => void)[] = []
  try {
    const metrics = new Metrics()
    const tracer = await openTracer(options, started)
    const certificate = keepCertificate(options, deps)
    if (certificate !== undefined) {
      started.add('certificate', async () => certificate.close())
      reloads.push(() => certificate.reload())
      addCertificateMetrics(metrics, certificate)
    }
    worker?.measureBy(() => metrics.snapshot())
    const drainMs = drainMsOf(role, options)
    const assembly = {
      role,
      options: { ...options, drainMs },
      parts,
      deps,
      started,
      metrics,
      figures: new OwnFigures({ role, worker: worker?.number }, metrics, deps),
      tracer,
      certificate,
      worker,
      fail,
      reloads,
    }
    const listening = await STARTS[role](assembly)
    return {
      listening,
      stopMs: stopMsOf(role, options),
      reload: () => reloadAll(reloads, deps),
      stop: () => started.stop(),
      failed,
    }
  } catch (error) {
    await started.stop()
    throw error
  }
}

function keepCertificate(
  { tlsCertFile: certificateFile, tlsKeyFile: keyFile }: Options,
  deps: ProcessDeps,
): CertificateKeeper | undefined {
  if (certificateFile === undefined && keyFile === undefined) return undefined
  if (certificateFile === undefined || keyFile === undefined)
    throw new StartError(
      `${variableOf('tlsCertFile')} and ${variableOf('tlsKeyFile')} belong together: only one of them is set`,
    )
  return new CertificateKeeper(readCertificate({ certificateFile, keyFile }), deps)
}

/** The longest time, in milliseconds, that a process of this role may take to stop. */
export function stopMsOf(role: Role, options: Pick<Options, 'drainMs' | 'stopMs'>): number {
  return options.stopMs + drainMsOf(role, options)
}

function drainMsOf(role: Role, { drainMs }: Pick<Options, 'drainMs'>): number {
  return drainMs ?? DRAIN_MS[role]
}

function reloadAll(reloads: readonly (() => void)[], { log }: Pick<ProcessDeps, 'log'>): void {
  if (reloads.length === 0) log.info({}, 'there is nothing to read again: no option names a file for that')
  for (const reload of reloads) reload()
}
