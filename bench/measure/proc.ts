import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in ticks of 10 ms. */
const TICKS_PER_S = 100
const KIBIBYTE = 1024

interface Stat {
  readonly parent: number
  /** Of all its threads, and of its children that have ended. */
  readonly cpuS: number
}

/**
 * CPU time of all threads, and resident memory, of a process and of all processes that descend from it, such as workers.
 * @throws Error of one line when there is no such process, or no `/proc`
 */
export function readCpuAndMemory(pid: number): { cpuS: number; rssBytes: number } {
  const root = readStat(pid)
  if (root === undefined) throw new Error(`no process ${pid} in /proc`)
  const family = [pid, ...descendants(pid)]
  let [cpuS, rssBytes] = [0, 0]
  for (const member of family) {
    cpuS += readStat(member)?.cpuS ?? 0
    rssBytes += readRss(member)
  }
  return { cpuS, rssBytes }
}

function descendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? readStat(Number(entry))?.parent : undefined
    if (parent === undefined) continue
    const siblings = children.get(parent) ?? []
    siblings.push(Number(entry))
    children.set(parent, siblings)
  }
  const found: number[] = []
  const look = (parent: number) => {
    for (const child of children.get(parent) ?? []) {
      found.push(child)
      look(child)
    }
  }
  look(pid)
  return found
}

function readStat(pid: number): Stat | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name of the program, in brackets, may hold anything. After it: state, parent, ...; utime, stime, cutime and cstime come 12th to 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { parent: Number(fields[1]), cpuS: ticks / TICKS_PER_S }
}

function readRss(pid: number): number {
  const status = readText(`/proc/${pid}/status`) ?? ''
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * KIBIBYTE
}

/** A process may end at any time. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
