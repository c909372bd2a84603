import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openPlainBus, type PlainBus } from './plain-bus.ts'

/*
 * A process with a bus, as a node or an endpoint has one, and nothing else. The same file is the parent's side and, forked, the process.
 */

/** What it is told to do. */
export type Command =
  /** Listen to `ua.FROM` and so on, answering a few bytes, and wait until the server knows. */
  | { readonly kind: 'listen'; readonly from: number; readonly count: number }
  /** Ask addresses from `ua.FROM` on in turn, so many at a time. */
  | {
      readonly kind: 'ask'
      readonly from: number
      readonly subjects: number
      readonly count: number
      readonly atATime: number
    }

/** What a command took; also sent, unasked, when a lost connection is restored. */
export interface Done {
  readonly kind: Command['kind'] | 'restored'
  readonly ms: number
  /** CPU time of all threads of the process meanwhile, and since its start, in microseconds. */
  readonly cpuUs: number
  readonly totalCpuUs: number
  /** Asks that got no reply. */
  readonly failed: number
}

/** The parent's side of it. */
export interface BusProcess {
  do(command: Command): Promise<Done>
  /** The next unasked report. */
  restored(): Promise<Done>
  stop(): void
}

/** Starts one on servers (`host:port`); the others of their cluster it learns from them. */
export async function startBusProcess(servers: readonly string[]): Promise<BusProcess> {
  const child = fork(fileURLToPath(import.meta.url), ['child', ...servers])
  process.once('exit', () => child.kill('SIGKILL'))
  const next = async (): Promise<Done> => (await once(child, 'message'))[0]
  await next()
  return {
    do(command) {
      child.send(command)
      return next()
    },
    restored: next,
    stop: () => void child.kill('SIGKILL'),
  }
}

/** What an ask carries: a message of 1 kB with its envelope. */
const BODY = new Uint8Array(1200)
const REPLY = new Uint8Array(16)
/** Subscribed in one piece, as after a reconnect. */
const AT_ONCE = 1000
const ASK_TIMEOUT_MS = 10_000

if (process.argv[2] === 'child') runChild(process.argv.slice(3))

function runChild(servers: readonly string[]): void {
  let lostAtMs = performance.now()
  const bus = openPlainBus(servers, {
    lost: () => {
      lostAtMs = performance.now()
    },
    restored: () =>
      send({ kind: 'restored', ms: performance.now() - lostAtMs, cpuUs: 0, totalCpuUs: 0, failed: 0 }),
  })
  process.on('message', (command: Command) => void measured(bus, command).then(send))
}

function send(done: Done): void {
  process.send?.(done)
}

async function measured(bus: PlainBus, command: Command): Promise<Done> {
  const startedMs = performance.now()
  const before = process.cpuUsage()
  const failed = await (command.kind === 'listen' ? listen(bus, command) : ask(bus, command))
  const { user, system } = process.cpuUsage(before)
  const cpuUs = user + system
  const totalCpuUs = before.user + before.system + cpuUs
  return { kind: command.kind, ms: performance.now() - startedMs, cpuUs, totalCpuUs, failed }
}

async function listen(bus: PlainBus, { from, count }: Command & { kind: 'listen' }): Promise<number> {
  for (let at = 0; at < count; at += AT_ONCE) {
    for (let index = at; index < Math.min(count, at + AT_ONCE); index += 1)
      bus.listen(subject(from + index), (_, respond) => respond?.(REPLY))
    await bus.flush()
  }
  return 0
}

async function ask(bus: PlainBus, command: Command & { kind: 'ask' }): Promise<number> {
  let asked = 0
  let failed = 0
  const asker = async () => {
    while (asked < command.count) {
      const address = subject(command.from + ((asked++ * 7919) % command.subjects))
      if (typeof (await bus.ask(address, BODY, ASK_TIMEOUT_MS)) === 'string') failed += 1
    }
  }
  await Promise.all(Array.from({ length: command.atATime }, asker))
  return failed
}

/** As long as the address of a user agent. */
function subject(number: number): string {
  return `push.ua.${number.toString(16).padStart(32, '0')}`
}
