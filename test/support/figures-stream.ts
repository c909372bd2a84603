import type { ClusterFigures, ProcessFigures } from '../../deploy/console/figures.ts'

/** The figures of a service, as a page of its console follows them. */
export class FiguresStream {
  readonly #leaving = new AbortController()
  #reader: ReadableStreamDefaultReader<string> | undefined
  #rest = ''

  /** @param url of an endpoint @throws Error unless it lets the page in */
  static async open(url: string, headers: Record<string, string> = {}): Promise<FiguresStream> {
    const stream = new FiguresStream()
    const response = await fetch(`${url}/console/figures`, { headers, signal: stream.#leaving.signal })
    if (response.status !== 200) throw new Error(`figures: ${response.status} ${await response.text()}`)
    stream.#reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    return stream
  }

  /** The next figures. @throws Error when the service has ended them */
  async next(): Promise<ClusterFigures> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n')
      if (end >= 0) {
        const event = this.#rest.slice(0, end)
        this.#rest = this.#rest.slice(end + 2)
        return JSON.parse(event.replace(/^data: /, ''))
      }
      const { done = true, value = '' } = (await this.#reader?.read()) ?? {}
      if (done) throw new Error('the service has ended its figures')
      this.#rest += value
    }
  }

  /** The first figures from now on that are as wanted. */
  async until(
    isWanted: (processes: readonly ProcessFigures[]) => boolean,
  ): Promise<readonly ProcessFigures[]> {
    for (;;) {
      const { processes } = await this.next()
      if (isWanted(processes)) return processes
    }
  }

  /** Follows them no more. */
  close(): void {
    this.#leaving.abort()
  }
}

/** The sum of all series of a name. */
export function total(processes: readonly ProcessFigures[], name: string): number {
  const series = processes.flatMap((process) => process.series[name] ?? [])
  return series.reduce((sum, [, value]) => sum + value, 0)
}
