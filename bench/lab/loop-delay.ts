// Loaded into a process under measurement by `--import`: notes ten times a second, in the file that the variable names, how late timers of its
// event loop were at most since the last note, in milliseconds.
import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const NOTE_MS = 100
const NS_PER_MS = 1e6

const file = process.env['PUSHGRID_BENCH_LOOP_DELAY_FILE']
if (file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  setInterval(() => {
    const note = { pid: process.pid, atMs: Date.now(), maxMs: delays.max / NS_PER_MS }
    delays.reset()
    appendFileSync(file, `${JSON.stringify(note)}\n`)
  }, NOTE_MS).unref()
}
