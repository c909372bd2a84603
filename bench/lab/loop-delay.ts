// Loaded into a process under measurement by `--import`: notes ten times a second, in the file that the variable names, the longest time since
// the last note for which the event loop ran no timer, in milliseconds, and what the process did in it.
import { appendFileSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'

const TICK_MS = 1
const NOTE_MS = 100
const US_PER_MS = 1000

/** How long a process held its event loop once. */
export interface Hold {
  /** Later than it was due a timer ran, in milliseconds. */
  readonly ms: number
  /** CPU time of the process meanwhile, in its own code and in system calls: what is missing it spent waiting for a core. */
  readonly userMs: number
  readonly systemMs: number
}

/** The worst of some time. */
export interface LoopNote {
  readonly pid: number
  readonly atMs: number
  readonly hold: Hold
  /** The longest collection of garbage. */
  readonly gcMs: number
}

const NONE: Hold = { ms: 0, userMs: 0, systemMs: 0 }

const file = process.env['PUSHGRID_BENCH_LOOP_DELAY_FILE']
if (file !== undefined) {
  let worst = NONE
  let gcMs = 0
  let [tickedAtMs, cpu, notedAtMs] = [performance.now(), process.cpuUsage(), performance.now()]
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gcMs = Math.max(gcMs, duration)
  }).observe({ entryTypes: ['gc'] })
  setInterval(() => {
    const [nowMs, used] = [performance.now(), process.cpuUsage(cpu)]
    const ms = nowMs - tickedAtMs - TICK_MS
    if (ms > worst.ms) worst = { ms, userMs: used.user / US_PER_MS, systemMs: used.system / US_PER_MS }
    if (nowMs - notedAtMs >= NOTE_MS) {
      const note: LoopNote = { pid: process.pid, atMs: Date.now(), hold: worst, gcMs }
      appendFileSync(file, `${JSON.stringify(note)}\n`)
      ;[worst, gcMs, notedAtMs] = [NONE, 0, nowMs]
    }
    // Writing the note is not what is measured.
    ;[tickedAtMs, cpu] = [performance.now(), process.cpuUsage()]
  }, TICK_MS).unref()
}
