/** Metrics as processes answer them; those of several are added up. */
export class ScrapedMetrics {
  readonly text: string
  readonly #values = new Map<string, number>()

  constructor(text: string) {
    this.text = text
    for (const line of text.split('\n')) {
      const space = line.lastIndexOf(' ')
      if (space > 0 && !line.startsWith('#')) this.#add(line.slice(0, space), Number(line.slice(space)))
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

  #add(series: string, value: number): void {
    this.#values.set(series, (this.#values.get(series) ?? 0) + value)
  }
}

/** Reads the metrics of a process. @param url of any of its ports; the websocket side's may be given as ws:// */
export async function scrape(url: string): Promise<ScrapedMetrics> {
  return scrapeAll([url])
}

/** Reads the metrics of several processes as if they were one. */
export async function scrapeAll(urls: readonly string[]): Promise<ScrapedMetrics> {
  return new ScrapedMetrics((await Promise.all(urls.map(textAt))).join(''))
}

async function textAt(url: string): Promise<string> {
  const response = await fetch(new URL('/metrics', url.replace(/^ws/, 'http')))
  const text = await response.text()
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}: ${text}`)
  return text
}
