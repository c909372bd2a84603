import { systemClock } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import type { Job } from '../load/generator.ts'
import { Crew, type CrewOptions, type CrewResult } from './crew.ts'
import { joinForked, joinHere } from './local.ts'
import { connectNats } from './nats-connection.ts'
import { joinRemote } from './nats-crew.ts'

const GOODBYE_MS = 1000

/** Who plays a run. */
export interface Staff {
  /** Worker processes on this machine; 1 without others: this very process. */
  readonly workers: number
  /** So many that wait on NATS take part as well, or instead: then `workers` is 0. */
  readonly remote?: { readonly natsUrl: string; readonly workers: number } | undefined
}

/** How a run is played. */
export interface PlayOptions extends CrewOptions {
  /** Aborting it ends the run early; what was measured so far is the result. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Plays a run in this process, in several on this machine, or on others, which makes no difference to the result.
 * @throws Error of one line when it can't be done
 */
export async function runJob(
  job: Omit<Job, 'worker' | 'workers'>,
  { workers, remote }: Staff,
  { signal, ...options }: PlayOptions,
): Promise<CrewResult> {
  const crew = new Crew(options)
  const end = () => crew.end()
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  const nats = remote && (await connectNats(remote.natsUrl, 'pushgrid bench', false))
  try {
    if (nats !== undefined)
      await joinRemote(crew, nats, { run: job.run, count: remote?.workers ?? 0, signal })
    if (workers === 1 && remote === undefined) joinHere(crew)
    else joinForked(crew, workers)
    return await crew.play(job)
  } finally {
    signal?.removeEventListener('abort', end)
    // The workers are told that it is over; a server that is gone takes no more of that.
    await (nats && within(systemClock, GOODBYE_MS, nats.flush(), () => undefined).catch(() => undefined))
    await nats?.close()
  }
}
