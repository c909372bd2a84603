import type { LiveView } from '../measure/live.ts'
import type { Phase, Plan } from '../plan/plan.ts'
import { LiveDisplay, type Terminal } from '../report/report.ts'

/** Shows where a run is, once a second. */
export class Progress {
  readonly #plan: Plan
  readonly #display: LiveDisplay
  readonly #sinceStartS: () => number
  #index = 0
  #enteredS = 0

  /** @param out what it is written to */
  constructor(plan: Plan, out: NodeJS.WriteStream, terminal: Terminal, sinceStartS: () => number) {
    this.#plan = plan
    this.#display = new LiveDisplay(out, terminal)
    this.#sinceStartS = sinceStartS
  }

  /** Says what begins. */
  begin(server: string | undefined, wsUrl: string): void {
    const { name, summary, settings } = this.#plan
    this.say(`${name}: ${summary}`)
    this.say(
      `${settings.agents} user agents of ${wsUrl} (${server ?? 'a server that does not say what it is'})`,
    )
  }

  /** A line that stays. */
  say(line: string): void {
    this.#display.say(line)
  }

  /** A phase begins. */
  entered(index: number): void {
    this.#index = index
    this.#enteredS = this.#sinceStartS()
  }

  show(view: LiveView): void {
    const { phases } = this.#plan
    const phase = phases[this.#index]
    const runS = this.#sinceStartS()
    const lengths = phases.map(lengthS)
    const progress = {
      phase: phase?.name ?? 'waiting for what is due',
      phaseIndex: this.#index,
      phases: phases.length,
      measured: phase?.measured ?? false,
      phaseS: runS - this.#enteredS,
      phaseLengthS: phase && lengthS(phase),
      runS,
      runLengthS: lengths.every((length) => length !== undefined)
        ? lengths.reduce((sum, length) => sum + length, 0)
        : undefined,
    }
    this.#display.show(progress, view)
  }

  /** Gives the terminal back. */
  end(): void {
    this.#display.end()
  }
}

/** How long a phase is to last, where that is known. */
function lengthS(phase: Phase): number | undefined {
  return phase.do === 'load' ? phase.durationMs / 1000 : undefined
}
