import cluster, { type Worker } from 'node:cluster'
import type { Content } from '../push/operations.ts'
import type { WorkerPlace } from './assembly.ts'
import type { Listening } from './banner.ts'
import type { Snapshot } from './metrics/metrics.ts'
import type { Environment } from './read-options.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** Variable in which a parent tells a worker its number, from 1 on. It is not an option: nobody else sets it. */
export const WORKER_VARIABLE = 'PUSHGRID_WORKER'

/** The link to the parent, where this process is one of its workers. */
export function linkToParent(environment: Environment): WorkerLink | undefined {
  const number = Number(environment[WORKER_VARIABLE])
  return cluster.worker === undefined || !(number > 0) ? undefined : new WorkerLink(number, cluster.worker)
}

/** A worker's end of the channel between it and its parent. */
export class WorkerLink implements WorkerPlace {
  readonly number: number
  /** Before it serves there is nothing to finish. */
  #stop: (reason: string) => void = () => process.exit(0)
  #measure: () => Promise<Snapshot> = async () => []
  /** The wait for the metrics of all workers, which all who ask meanwhile share. */
  #gathering: { readonly content: Promise<Content>; readonly end: (content: Content) => void } | undefined

  constructor(number: number, worker: Worker) {
    this.number = number
    process.on('message', (message: ToWorker) => this.#told(message))
    worker.once('disconnect', () => {
      // Otherwise node:cluster ends the process right after this, without a drain.
      worker.exitedAfterDisconnect = true
      this.#stop('the parent is gone')
    })
  }

  /** It serves. @param stop drains, then exits: the parent stops, or is gone and nobody would replace or stop this process */
  serving(listening: Listening, stop: (reason: string) => void): void {
    this.#stop = stop
    void this.#say({ kind: 'serving', listening })
  }

  /** It can't start. Resolves when that is said, as far as somebody listens. */
  failed(reason: string): Promise<void> {
    return this.#say({ kind: 'failed', reason })
  }

  measureBy(measure: () => Promise<Snapshot>): void {
    this.#measure = measure
  }

  gatherMetrics(): Promise<Content> {
    if (this.#gathering !== undefined) return this.#gathering.content
    let end: (content: Content) => void = () => {}
    const content = new Promise<Content>((resolve) => {
      end = resolve
    })
    this.#gathering = { content, end }
    void this.#say({ kind: 'gather' })
    return content
  }

  #told(message: ToWorker): void {
    switch (message.kind) {
      case 'ping':
        void this.#say({ kind: 'pong' })
        return
      case 'stop':
        return this.#stop('the parent stops')
      case 'measure':
        void this.#measure().then((snapshot) => this.#say({ kind: 'measured', snapshot }))
        return
      case 'gathered':
        this.#gathering?.end(message.content)
        this.#gathering = undefined
    }
  }

  #say(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      // The error of a parent that has just gone is seen by its disconnect.
      if (process.connected) process.send?.(message, undefined, undefined, () => resolve())
      else resolve()
    })
  }
}
