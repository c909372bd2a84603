import type { Assembly, Parts, ProcessDeps } from './assembly.ts'
import type { Listening } from './banner.ts'
import { startEndpointRole } from './endpoint.ts'
import { startNodeRole } from './node.ts'
import type { Options } from './options.ts'
import { startServe } from './serve.ts'
import { Started } from './started.ts'

/** What a process can be. */
export type Role = 'serve' | 'node' | 'endpoint'

/** A process that serves. */
export interface Serving {
  readonly listening: Listening
  /** Reads again what may change while it serves. */
  reload(): void
  /** Drains and stops everything; `failed` when a part could not be stopped properly (the log says which). */
  stop(): Promise<'stopped' | 'failed'>
}

const STARTS: { readonly [R in Role]: (assembly: Assembly) => Promise<Listening> } = {
  serve: startServe,
  node: startNodeRole,
  endpoint: startEndpointRole,
}

/**
 * Starts a process: one part after the other, each on top of those before it. They are stopped in the opposite order.
 * @throws StartError when a part can't start; what was started by then is stopped again
 */
export async function startRole(
  role: Role,
  options: Options,
  parts: Parts,
  deps: ProcessDeps,
): Promise<Serving> {
  const started = new Started(deps.log)
  const reloads: (() => void)[] = []
  try {
    const listening = await STARTS[role]({ options, parts, deps, started, reloads })
    return { listening, reload: () => reloadAll(reloads, deps), stop: () => started.stop() }
  } catch (error) {
    await started.stop()
    throw error
  }
}

function reloadAll(reloads: readonly (() => void)[], { log }: Pick<ProcessDeps, 'log'>): void {
  if (reloads.length === 0) log.info({}, 'there is nothing to read again: PUSHGRID_NATS_URL_FILE is not set')
  for (const reload of reloads) reload()
}
