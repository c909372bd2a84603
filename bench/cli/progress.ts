import type { LiveView } from '../measure/live.ts'
import type { Plan } from '../plan/plan.ts'

/** Tells in plain lines how a run goes. */
export class Progress {
  readonly #plan: Plan
  readonly #log: (line: string) => void
  readonly #sinceStartS: () => number

  constructor(plan: Plan, log: (line: string) => void, sinceStartS: () => number) {
    this.#plan = plan
    this.#log = log
    this.#sinceStartS = sinceStartS
  }

  begin(server: string | undefined): void {
    const { name, summary, settings } = this.#plan
    this.#log(`${name}: ${summary}`)
    this.#log(`${settings.agents} user agents, ${server ?? 'a server that does not say what it is'}`)
  }

  show({ connected, posted, accepted, delivered, errors, latencies }: LiveView): void {
    const [[name, { p50Ms, p99Ms }] = ['', { p50Ms: 0, p99Ms: 0 }]] = Object.entries(latencies).sort()
    const latency = name === '' ? '' : `  ${name} p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
    this.#log(
      `${this.#sinceStartS().toFixed(0).padStart(5)} s  ${connected} connected, ${posted} posted, ${accepted} accepted, ${delivered} delivered, ${errors} errors${latency}`,
    )
  }
}
