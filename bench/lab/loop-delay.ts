// Loaded into a process under measurement by `--import`: notes ten times a second, in the file that the variable names, for how long the event
// loop ran no timer at most since the last note, and how much of the processor the process used between two timers at most.
import { appendFileSync } from 'node:fs'

const TICK_MS = 1
const NOTE_MS = 100
const US_PER_MS = 1000

/** What was seen in some time; all in milliseconds. */
export interface LoopNote {
  readonly pid: number
  readonly atMs: number
  /** How much later than it was due a timer ran: work, and waiting for a processor that others had. */
  readonly heldMs: number
  /** Processor time between two timers: work alone. */
  readonly workMs: number
}

const file = process.env['PUSHGRID_BENCH_LOOP_DELAY_FILE']
if (file !== undefined) {
  const { pid } = process
  let [heldMs, workMs, notedAtMs] = [0, 0, performance.now()]
  let [tickedAtMs, cpu] = [performance.now(), process.cpuUsage()]
  setInterval(() => {
    const [nowMs, used] = [performance.now(), process.cpuUsage(cpu)]
    heldMs = Math.max(heldMs, nowMs - tickedAtMs - TICK_MS)
    workMs = Math.max(workMs, (used.user + used.system) / US_PER_MS)
    if (nowMs - notedAtMs >= NOTE_MS) {
      const note: LoopNote = { pid, atMs: Date.now(), heldMs, workMs }
      appendFileSync(file, `${JSON.stringify(note)}\n`)
      ;[heldMs, workMs, notedAtMs] = [0, 0, nowMs]
    }
    // Writing the note is not what is measured.
    ;[tickedAtMs, cpu] = [performance.now(), process.cpuUsage()]
  }, TICK_MS).unref()
}
