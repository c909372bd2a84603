import { type ChildProcessByStdio, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import type { Readable } from 'node:stream'

/** util-linux' setpriv has the kernel kill a process as soon as its parent has ended (prctl(2), PR_SET_PDEATHSIG), and then becomes it. */
const BINDING = ['setpriv', '--pdeathsig', 'KILL'] as const
const [BINDER, ...BINDER_ARGUMENTS] = BINDING

/** Whether this machine can bind processes: one without setpriv leaves them behind when a test is killed. */
export const CAN_BIND = spawnSync(BINDER, [...BINDER_ARGUMENTS, 'true'], { stdio: 'ignore' }).status === 0

/**
 * Starts a process that does not outlive this one, however this one ends: a handler of `exit` never runs in a process that
 * is killed. What tap has every Node process load (NODE_OPTIONS) is left out, as it takes longer than the start of Pushgrid. Its id is that of the program, its output goes to pipes. Call it from the main thread: to the kernel the parent is a thread.
 */
export function spawnBound(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'env' | 'detached'> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const { NODE_OPTIONS: _, ...env } = options.env ?? process.env
  const [file, ...rest] = CAN_BIND ? [...BINDING, program, ...args] : [program, ...args]
  const child = spawn(file, rest, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const reap = () => child.kill('SIGKILL')
  process.once('exit', reap)
  child.once('exit', () => process.off('exit', reap))
  return child
}
