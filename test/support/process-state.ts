import { readFile } from 'node:fs/promises'

/** Resolves when a SIGSTOP has come into force. */
export async function stopped(pid: number | string | undefined): Promise<void> {
  while ((await stateOf(pid)) !== 'T');
}

/** Whether a process has ended; its parent need not have noticed yet. */
export async function hasEnded(pid: number | string): Promise<boolean> {
  const state = await stateOf(pid).catch(() => 'none')
  return ['none', 'X', 'Z'].includes(state)
}

/** The field after the name in proc(5). @throws when there is no such process */
async function stateOf(pid: number | string | undefined): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  return stat.charAt(stat.lastIndexOf(')') + 2)
}
