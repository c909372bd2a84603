import cluster, { type ClusterSettings } from 'node:cluster'
import type { Log } from '../push/log.ts'
import { WorkerMetrics } from './metrics/worker-metrics.ts'
import { flagOf, type Options } from './options.ts'
import { probePort } from './ports.ts'
import type { Role } from './role.ts'
import type { Serving } from './roles.ts'
import { Supervisor, WORKER_CARE } from './supervisor.ts'
import { WORKER_VARIABLE } from './worker-link.ts'
import type { FromWorker } from './worker-messages.ts'
import type { Fork, WorkerEnd, WorkerSlotDeps } from './worker-slot.ts'

/** What workers run. */
export interface WorkerProgram {
  /** The file of the command line. */
  readonly file: string
  readonly role: Exclude<Role, 'serve'>
  /** The flags that the parent got. */
  readonly args: readonly string[]
}

/** A parent whose workers serve. */
export interface ServingWorkers extends Pick<Serving, 'listening' | 'stop'> {
  /** Passes a signal on to every worker. */
  signal(signal: NodeJS.Signals): void
}

/**
 * Runs a role in `options.workers` processes that share one port, and keeps them running. Each worker is the whole role, with
 * connections of its own to NATS and MongoDB; this process serves nobody.
 *
 * Endpoints accept from one listening socket (SCHED_NONE): connections that wait while a worker is stopped or killed are
 * taken by the others. If the parent handed connections out (SCHED_RR) the one under way to such a worker would hang for
 * ever. Nodes each have a socket on the port, by uWebSockets.js with SO_REUSEPORT, and need of node:cluster the channel only.
 * @throws StartError when the port can't be had, or no worker can start
 */
export async function startWorkers(
  program: WorkerProgram,
  options: Pick<Options, 'host' | 'wsPort' | 'httpPort' | 'workers'>,
  deps: Omit<WorkerSlotDeps, 'fork'>,
  care = WORKER_CARE,
): Promise<ServingWorkers> {
  const { file, role, args } = program
  const portOption = role === 'node' ? 'wsPort' : 'httpPort'
  const port = await probePort(options.host, options[portOption], portOption)
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const settings = { exec: file, args: [role, ...args, flagOf(portOption), `${port}`] }
  const fork = withMetrics(forkWith(settings, deps.log), new WorkerMetrics(deps.clock))
  const supervisor = new Supervisor(options.workers, care, { ...deps, fork })
  process.once('exit', () => supervisor.kill())
  const listening = await supervisor.start()
  return { listening, stop: () => supervisor.stop(), signal: (signal) => supervisor.signal(signal) }
}

function forkWith(settings: ClusterSettings, log: Log): Fork {
  return (number, listener) => {
    cluster.setupPrimary(settings)
    // One connection at a time: else whoever wakes first takes all that wait (libuv before 1.47).
    const worker = cluster.fork({ [WORKER_VARIABLE]: `${number}`, UV_TCP_SINGLE_ACCEPT: '1' })
    const child = worker.process
    let ended = false
    const end = (how: WorkerEnd) => {
      if (!ended) listener.ended(how)
      ended = true
    }
    child.on('message', (message) => listener.message(message as FromWorker))
    // Unlike 'exit' it comes after the last message.
    child.once('close', (code, signal) => end({ code, signal }))
    worker.on('error', (err) => {
      log.error({ err, worker: number }, 'a worker can not be started or reached')
      if (child.pid === undefined) end({ code: null, signal: null })
    })
    return {
      pid: child.pid,
      // What can't be sent is seen by its missing answer.
      send: (message) => void child.send(message, () => {}),
      kill: (signal) => void child.kill(signal),
    }
  }
}

/** Gathers the metrics of all workers for the one that was asked for them. */
function withMetrics(fork: Fork, metrics: WorkerMetrics): Fork {
  return (number, listener) => {
    const worker = fork(number, {
      message(message) {
        if (message.kind === 'serving') metrics.serving(number, () => worker.send({ kind: 'measure' }))
        else if (message.kind === 'measured') metrics.answered(number, message.snapshot)
        else if (message.kind === 'gather')
          void metrics.gather().then((content) => worker.send({ kind: 'gathered', content }))
        listener.message(message)
      },
      ended(end) {
        metrics.ended(number)
        listener.ended(end)
      },
    })
    return worker
  }
}
