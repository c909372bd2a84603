// Loaded into a process under measurement by `--import`: notes ten times a second, in the file that the variable names, for how long the event
// loop ran no timer at most since the last note, and how much of the processor the process used between two timers.
import { appendFileSync } from 'node:fs'

const TICK_MS = 1
const NOTE_MS = 100
const US_PER_MS = 1000
const WORK_MS = 0.3

/** What was seen in some time; all in milliseconds. */
export interface LoopNote {
  readonly pid: number
  readonly atMs: number
  /** How much later than it was due a timer ran: work, and waiting for a processor that others had. */
  readonly heldMs: number
  /** Processor time between two timers, which is work alone, wherever it was more than next to nothing. */
  readonly worksMs: readonly number[]
}

const file = process.env['PUSHGRID_BENCH_LOOP_DELAY_FILE']
if (file !== undefined) {
  const { pid } = process
  let [heldMs, notedAtMs] = [0, performance.now()]
  let worksMs: number[] = []
  let [tickedAtMs, cpu] = [performance.now(), process.cpuUsage()]
  setInterval(() => {
    const [nowMs, used] = [performance.now(), process.cpuUsage(cpu)]
    heldMs = Math.max(heldMs, nowMs - tickedAtMs - TICK_MS)
    const workMs = (used.user + used.system) / US_PER_MS
    if (workMs > WORK_MS) worksMs.push(workMs)
    if (nowMs - notedAtMs >= NOTE_MS) {
      const note: LoopNote = { pid, atMs: Date.now(), heldMs, worksMs }
      appendFileSync(file, `${JSON.stringify(note)}\n`)
      ;[heldMs, worksMs, notedAtMs] = [0, [], nowMs]
    }
    // Writing the note is not what is measured.
    ;[tickedAtMs, cpu] = [performance.now(), process.cpuUsage()]
  }, TICK_MS).unref()
}
