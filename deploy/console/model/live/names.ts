import type { ProcessFigures } from '../../figures.ts'

/** What a process is called among others: its role and process id, and its host where there are several. */
export function processName(
  { role, host, pid }: Pick<ProcessFigures, 'role' | 'host' | 'pid'>,
  isOneHost: boolean,
): string {
  return isOneHost ? `${role} ${pid}` : `${role} ${host}:${pid}`
}

/** How long something has been so: in days and hours, hours and minutes, minutes, or seconds. */
export function longFor(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (days > 0) return `${days} d ${hours % 24} h`
  if (hours > 0) return `${hours} h ${minutes % 60} min`
  return minutes > 0 ? `${minutes} min` : `${seconds} s`
}

/** `1 process`, `2 processes`: a number with the word for what is counted. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`
}
