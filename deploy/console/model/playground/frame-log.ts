/** A frame that passed, or what happened to the connection. */
export interface LoggedFrame {
  readonly id: number
  readonly atMs: number
  readonly direction: 'sent' | 'received'
  /** Its `messageType`; `{}` for one without, and nothing for what is no JSON object. */
  readonly type: string
  readonly text: string
}

/** The frames that passed, the newest first. */
export interface FrameLog {
  readonly frames: readonly LoggedFrame[]
  /** How many there were. */
  readonly count: number
  readonly isPaused: boolean
  /** How many passed while it was paused. */
  readonly missed: number
}

/** How many are kept; the oldest go. */
export const FRAMES_MAX = 300

/** A log without frames. */
export const NO_FRAMES: FrameLog = { frames: [], count: 0, isPaused: false, missed: 0 }

/** Notes a frame, unless the log is paused. */
export function logFrame(
  log: FrameLog,
  direction: LoggedFrame['direction'],
  text: string,
  atMs: number,
): FrameLog {
  const id = log.count + 1
  if (log.isPaused) return { ...log, count: id, missed: log.missed + 1 }
  const frame: LoggedFrame = { id, atMs, direction, type: typeOf(text), text }
  return { ...log, count: id, frames: [frame, ...log.frames].slice(0, FRAMES_MAX) }
}

/** Stops, so that one can read in peace, or goes on. */
export function pauseLog(log: FrameLog, isPaused: boolean): FrameLog {
  return { ...log, isPaused, missed: 0 }
}

/** Forgets what passed. */
export function clearLog(log: FrameLog): FrameLog {
  return { ...log, frames: [], missed: 0 }
}

/** Those that have all words in their direction, type or text, in any case. */
export function matchingFrames({ frames }: FrameLog, filter: string): readonly LoggedFrame[] {
  const words = filter.toLowerCase().split(/\s+/)
  return frames.filter(({ direction, type, text }) => {
    const all = `${direction} ${type} ${text}`.toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

/** The frame for a reader: its JSON in lines, or as it is when it is none. */
export function prettyFrame(text: string): string {
  const value = parsed(text)
  return value === undefined ? text : JSON.stringify(value, undefined, 2)
}

function typeOf(text: string): string {
  const value = parsed(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  return 'messageType' in value ? String(value.messageType) : '{}'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
