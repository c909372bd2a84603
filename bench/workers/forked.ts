import type { ToWorker } from './messages.ts'
import { Worker } from './worker.ts'

/*
 * A worker process on the machine of its coordinator, which it talks to by the channel of child processes. It ends with it.
 * Ctrl+C in a terminal goes to all processes: what becomes of a worker is up to its coordinator.
 */
process.on('SIGINT', () => {})
const worker = new Worker((message) => process.send?.(message))
process.on('message', (message: ToWorker) => worker.told(message))
process.once('disconnect', () => process.exit())
