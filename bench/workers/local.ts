import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import type { Crew } from './crew.ts'
import type { FromWorker } from './messages.ts'
import { Worker } from './worker.ts'

const FORKED = path.join(import.meta.dirname, 'forked.js')

/** Takes on a worker in this very process: one core's worth of load needs no more. */
export function joinHere(crew: Crew): void {
  const worker = new Worker((message) => ears.heard(message), { canBeLost: false })
  const ears = crew.join({
    name: 'generator',
    // Not at once: whoever is told something while it says something would be in two states.
    say: (message) => queueMicrotask(() => worker.told(message)),
    close() {},
  })
}

/** Takes on so many worker processes on this machine. They end with this one. */
export function joinForked(crew: Crew, count: number): void {
  for (let number = 1; number <= count; number += 1) joinProcess(crew, `worker-${number}`)
}

function joinProcess(crew: Crew, name: string): void {
  const child = fork(FORKED, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ears = crew.join({
    name: `${name} (process ${child.pid})`,
    say: (message) => {
      if (child.connected) child.send(message, () => {})
    },
    close: () => end(child),
  })
  child.on('message', (message: FromWorker) => ears.heard(message))
  child.once('exit', () => ears.gone())
  child.once('error', () => ears.gone())
}

/** A worker that was told everything has nothing more to do; one that hangs would not hear of anything milder. */
function end(child: ChildProcess): void {
  child.kill('SIGKILL')
}
