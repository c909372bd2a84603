import type { ClusterFigures } from '../../figures.ts'
import { type Health, healthOf } from './health.ts'
import { History } from './history.ts'
import { type KeyFigure, keyFigures } from './key-figures.ts'
import { gaugeSum, type Moment } from './moment.ts'
import { processName } from './names.ts'
import { type LiveLine, PLACES, plotLines } from './plot-lines.ts'
import { PLOTS, type PlotDefinition } from './plots.ts'
import { type ProcessRow, processRows } from './process-rows.ts'
import { Processes } from './processes.ts'
import { Slots } from './slots.ts'
import { Window } from './window.ts'

/** A plot as it is now. */
export interface LivePlot extends Pick<PlotDefinition, 'id' | 'title' | 'note' | 'unit' | 'hasLog'> {
  /** Whether each of its lines is a process. */
  readonly areProcesses: boolean
  /** Unix time in seconds, rising. */
  readonly times: readonly number[]
  readonly lines: readonly LiveLine[]
}

/** All that is shown of one moment. It does not change any more. */
export interface LiveFigures {
  /** The service's time, in milliseconds. */
  readonly atMs: number
  readonly keys: readonly KeyFigure[]
  readonly health: readonly Health[]
  readonly plots: readonly LivePlot[]
  readonly processes: readonly ProcessRow[]
  /** Whether no process has ever had a message to deal with. */
  readonly isUnused: boolean
}

/** Over how much time rates and percentiles are taken. */
export const WINDOW_SECONDS = 10
/** How far back plots go. */
export const HISTORY_SECONDS = 600
/** Longer without a message, or without news of a process, is a gap: of that time nothing is said. */
const GAP_MS = 5000

/** Makes what is shown of what the service tells, message by message. */
export class Live {
  readonly #processes = new Processes(WINDOW_SECONDS, GAP_MS)
  readonly #window = new Window(WINDOW_SECONDS)
  readonly #history = new History(HISTORY_SECONDS)
  readonly #slots = slotsOfPlots()
  readonly #names = new Map<string, string>()
  #lastMs: number | undefined
  /** What is added to the time of the service so that it never goes back. */
  #shiftMs = 0

  /** Takes what the service tells now. @returns what is to be shown */
  see({ atMs, processes }: ClusterFigures): LiveFigures {
    const nowMs = this.#forward(atMs)
    const passedMs = nowMs - (this.#lastMs ?? nowMs)
    const increases = this.#processes.see(processes, nowMs)
    if (passedMs > GAP_MS) {
      this.#window.clear()
      this.#history.gap((nowMs - passedMs + 1000) / 1000)
    } else if (passedMs > 0) this.#window.push(passedMs / 1000, increases)
    this.#lastMs = nowMs
    const moment: Moment = {
      atMs: nowMs,
      window: this.#window,
      present: this.#processes.present(nowMs),
      gone: this.#processes.gone(nowMs),
    }
    this.#history.add(nowMs / 1000, new Map(PLOTS.map(({ id, read }) => [id, read(moment)])))
    return this.#figures(moment)
  }

  #figures(moment: Moment): LiveFigures {
    const rows = processRows(moment)
    this.#rename(moment)
    const times = this.#history.times
    return {
      atMs: moment.atMs,
      keys: keyFigures(moment),
      health: healthOf(moment, rows),
      plots: PLOTS.map((plot) => this.#plot(plot, times)),
      processes: rows,
      isUnused: isUnused(moment),
    }
  }

  #plot(definition: PlotDefinition, times: readonly number[]): LivePlot {
    const { id, title, note, unit, hasLog } = definition
    const areProcesses = isOfProcesses(definition)
    const nameOf = (key: string) => (areProcesses ? (this.#names.get(key) ?? key) : key)
    const slots = this.#slots.get(id) ?? new Slots(PLACES)
    const drawn = plotLines(definition, {
      history: this.#history.lines(id),
      length: times.length,
      slots,
      nameOf,
    })
    return { id, title, note, unit, hasLog, areProcesses, times, lines: drawn }
  }

  /** Processes that have left keep their names in the plots. */
  #rename({ present, gone }: Moment): void {
    const all = [...present, ...gone].map(({ figures }) => figures)
    const isOneHost = new Set(all.map(({ host }) => host)).size === 1
    this.#names.clear()
    for (const figures of all) this.#names.set(figures.process, processName(figures, isOneHost))
  }

  /** Another process that sends, with another clock, must not turn time back: it goes on from where it was. */
  #forward(atMs: number): number {
    const nowMs = atMs + this.#shiftMs
    if (this.#lastMs === undefined || nowMs > this.#lastMs) return nowMs
    this.#shiftMs += this.#lastMs + 1000 - nowMs
    return this.#lastMs + 1000
  }
}

/** A process has the same colour in all plots of processes. */
function slotsOfPlots(): ReadonlyMap<string, Slots> {
  const places = new Map<string, number>()
  return new Map(
    PLOTS.map((plot) => [plot.id, isOfProcesses(plot) ? new Slots(PLACES, places) : new Slots(PLACES)]),
  )
}

function isOfProcesses({ lines }: PlotDefinition): boolean {
  return 'others' in lines && lines.areProcesses === true
}

/** Counters know it since the start of their processes; who is still connected may get one any moment. */
function isUnused(moment: Moment): boolean {
  return (
    gaugeSum(moment, 'pushgrid_messages_total') === 0 &&
    gaugeSum(moment, 'pushgrid_http_failures_total') === 0
  )
}
