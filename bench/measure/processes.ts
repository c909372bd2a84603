import { readCpuAndMemory } from './proc.ts'
import { type Sample, Samples } from './samples.ts'

/** A process of the server: by its number on this machine, with all its children, or by the URL of its Prometheus metrics. */
export type ProcessSource =
  | { readonly name: string; readonly pid: number }
  | { readonly name: string; readonly metricsUrl: string }

/** How one process was doing over the run. */
export interface ProcessSamples {
  readonly name: string
  readonly source: 'pid' | 'metrics'
  readonly samples: readonly Sample[]
  /** Of all samples, also those that were thinned out. */
  readonly rssMaxBytes: number
  /** Why samples are missing, if some are. */
  readonly problem?: string
}

const EVERY_MS = 1000
/** A server that is busy answers late, which is no reason to do without. */
const METRICS_TIMEOUT_MS = 10_000

/** Samples the processes of the server each second. Start it before the first connection, and begin its clock with the run. */
export class ProcessSampler {
  readonly #watched: readonly Watched[]
  readonly #sinceStartS: () => number
  readonly #timer: NodeJS.Timeout
  #sampling: Promise<unknown> = Promise.resolve()

  private constructor(watched: readonly Watched[], sinceStartS: () => number) {
    this.#watched = watched
    this.#sinceStartS = sinceStartS
    // A run that could not be done does not go on for the sake of samples.
    this.#timer = setInterval(() => this.sample(), EVERY_MS).unref()
  }

  /**
   * Takes the first sample of each, so that one that can't be read is known before any load.
   * @param sinceStartS seconds since the start of the run @throws Error of one line, naming the process
   */
  static async start(sources: readonly ProcessSource[], sinceStartS: () => number): Promise<ProcessSampler> {
    const watched = sources.map((source) => ({ source, samples: new Samples(), rssMaxBytes: 0 }))
    for (const one of watched) {
      await take(one, sinceStartS).catch((error: Error) => {
        throw new Error(`process "${one.source.name}" can't be measured: ${error.message}`)
      })
    }
    return new ProcessSampler(watched, sinceStartS)
  }

  /** Takes one more, beside those of each second. One that fails is missing, and the result says so. */
  sample(): Promise<unknown> {
    this.#sampling = Promise.all(
      this.#watched.map((one) =>
        take(one, this.#sinceStartS).catch((error: Error) => {
          one.problem ??= `${error.message} (${Math.round(this.#sinceStartS())} s after the start)`
        }),
      ),
    )
    return this.#sampling
  }

  /** Takes the last sample and ends. */
  async stop(): Promise<readonly ProcessSamples[]> {
    clearInterval(this.#timer)
    await this.#sampling
    await this.sample()
    return this.#watched.map(({ source, samples, rssMaxBytes, problem }) => ({
      name: source.name,
      source: 'pid' in source ? 'pid' : 'metrics',
      samples: samples.all,
      rssMaxBytes,
      ...(problem === undefined ? {} : { problem }),
    }))
  }
}

interface Watched {
  readonly source: ProcessSource
  readonly samples: Samples
  rssMaxBytes: number
  problem?: string
}

async function take(watched: Watched, sinceStartS: () => number): Promise<void> {
  const { source } = watched
  const now = 'pid' in source ? readCpuAndMemory(source.pid) : await readMetrics(source.metricsUrl)
  watched.rssMaxBytes = Math.max(watched.rssMaxBytes, now.rssBytes)
  watched.samples.add({ atS: sinceStartS(), ...now })
}

async function readMetrics(url: string): Promise<Omit<Sample, 'atS'>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(METRICS_TIMEOUT_MS) })
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`)
  return parseMetrics(await answer.text())
}

/**
 * CPU time and memory in the text format of Prometheus, by the names that its client libraries agree on; those of several processes behind one
 * URL (told apart by labels) add up. @throws Error when they are missing
 */
export function parseMetrics(text: string): Omit<Sample, 'atS'> {
  return {
    cpuS: metric(text, 'process_cpu_seconds_total'),
    rssBytes: metric(text, 'process_resident_memory_bytes'),
  }
}

function metric(text: string, name: string): number {
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^\\n]*\\})? +(\\S+)`, 'gm'))
  const values = [...lines].map((line) => Number(line[1])).filter((value) => Number.isFinite(value))
  if (values.length === 0) throw new Error(`the metrics have no ${name}`)
  return values.reduce((sum, value) => sum + value, 0)
}
