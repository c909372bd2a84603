/** Metrics as a process answers them. */
export class ScrapedMetrics {
  readonly text: string
  readonly #values = new Map<string, number>()

  constructor(text: string) {
    this.text = text
    for (const line of text.split('\n')) {
      const space = line.lastIndexOf(' ')
      if (space > 0 && !line.startsWith('#'))
        this.#values.set(line.slice(0, space), Number(line.slice(space)))
    }
  }

  /** The value of one series, written as in the text: `name` or `name{label="value"}`. */
  value(series: string): number | undefined {
    return this.#values.get(series)
  }

  /** Names of all series with their labels. */
  get series(): readonly string[] {
    return [...this.#values.keys()]
  }
}

/** Reads the metrics of a process. @param url of any of its ports; the websocket side's may be given as ws:// */
export async function scrape(url: string): Promise<ScrapedMetrics> {
  const response = await fetch(new URL('/metrics', url.replace(/^ws/, 'http')))
  const text = await response.text()
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}: ${text}`)
  return new ScrapedMetrics(text)
}
