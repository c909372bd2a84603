import { readFile } from 'node:fs/promises'

/** Resolves when a SIGSTOP has come into force (proc(5), the field after the name). */
export async function stopped(pid: number | string | undefined): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    if (stat.slice(stat.lastIndexOf(')')).startsWith(') T')) return
  }
}
