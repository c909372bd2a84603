import { LatencyHistogram, type RecordedHistogram } from './histogram.ts'

/** What is counted in each slot of time; `connections` is the change of their number, so that it adds up like the rest. */
export type TimelineCount = 'posted' | 'accepted' | 'delivered' | 'errors' | 'connects' | 'connections'

/** A slot of time, as JSON: what happened in it, and how long what was meant to be sent in it took. */
export interface RecordedSlot {
  readonly counts: Readonly<Partial<Record<TimelineCount, number>>>
  /** By name of the latency; two significant digits. */
  readonly latencies: Readonly<Record<string, RecordedHistogram>>
}

/** Slots by number, from the start of the measurement; those in which nothing happened are missing. */
export interface RecordedTimeline {
  /** Width of a slot in seconds, a power of two. */
  readonly everyS: number
  readonly slots: Readonly<Record<string, RecordedSlot>>
}

/** A timeline of more slots than that has them joined in pairs, so that a run of hours needs no more memory than one of minutes. */
export const SLOTS_MAX = 600
const DIGITS = 2
const US_PER_S = 1e6

interface Slot {
  readonly counts: Partial<Record<TimelineCount, number>>
  readonly latencies: Map<string, LatencyHistogram>
  /** In which revision of the timeline it last changed. */
  changedIn: number
}

/** What happens over time, second by second, or coarser when it takes long. */
export class Timeline {
  #startUs: number | undefined
  #everyS = 1
  #slots = new Map<number, Slot>()
  #revision = 0

  /** Begins the first slot; what came before it is not kept. */
  start(atUs: number): void {
    this.#startUs = atUs
  }

  count(name: TimelineCount, atUs: number, by = 1): void {
    const slot = this.#at(atUs)
    if (slot !== undefined) slot.counts[name] = (slot.counts[name] ?? 0) + by
  }

  /** @param intendedUs decides the slot, so that a stall shows where its victims were meant to be sent */
  timed(name: string, intendedUs: number, durationUs: number): void {
    const slot = this.#at(intendedUs)
    if (slot !== undefined) histogramOf(slot, name).record(durationUs)
  }

  recorded(): RecordedTimeline {
    return this.#recordedSince(0)
  }

  /** The slots that have changed since a revision, whole, and the revision to ask for the next time; 0 is before the first. */
  changes(since: number): { readonly timeline: RecordedTimeline; readonly revision: number } {
    const timeline = this.#recordedSince(since)
    this.#revision += 1
    return { timeline, revision: this.#revision }
  }

  #recordedSince(revision: number): RecordedTimeline {
    const changed = [...this.#slots].filter(([, { changedIn }]) => changedIn >= revision)
    const slots = changed.map(([number, slot]) => [number, recordedSlot(slot)])
    return { everyS: this.#everyS, slots: Object.fromEntries(slots) }
  }

  #at(atUs: number): Slot | undefined {
    if (this.#startUs === undefined || atUs < this.#startUs) return undefined
    const second = Math.floor((atUs - this.#startUs) / US_PER_S)
    while (second >= SLOTS_MAX * this.#everyS) this.#coarsen()
    const slot = slotOf(this.#slots, Math.floor(second / this.#everyS))
    slot.changedIn = this.#revision
    return slot
  }

  /** Done while the load goes on, so that histograms are added up as they are: in and out of their texts it takes a second. */
  #coarsen(): void {
    const coarse = new Map<number, Slot>()
    for (const [number, { counts, latencies, changedIn }] of this.#slots) {
      const slot = slotOf(coarse, Math.floor(number / 2))
      addCounts(slot, counts)
      for (const [name, histogram] of latencies) histogramOf(slot, name).merge(histogram)
      slot.changedIn = Math.max(slot.changedIn, changedIn)
    }
    this.#everyS *= 2
    this.#slots = coarse
  }
}

/** What timelines that started at the same time say together: exact, associative and commutative. */
export function mergeTimelines(a: RecordedTimeline, b: RecordedTimeline): RecordedTimeline {
  const everyS = Math.max(a.everyS, b.everyS)
  const slots = [...join([a, b], everyS)].map(([number, slot]) => [number, recordedSlot(slot)])
  return { everyS, slots: Object.fromEntries(slots) }
}

/** How a timeline is now, from how it was and the slots that have changed since. */
export function updateTimeline(before: RecordedTimeline, changed: RecordedTimeline): RecordedTimeline {
  const { everyS } = changed
  const { slots } = before.everyS === everyS ? before : mergeTimelines({ everyS, slots: {} }, before)
  return { everyS, slots: { ...slots, ...changed.slots } }
}

/** All connections of a timeline end in its last slot. */
export function endConnections({ everyS, slots }: RecordedTimeline): RecordedTimeline {
  const numbers = Object.keys(slots).map(Number)
  const last = Math.max(...numbers)
  const slot = slots[last]
  if (slot === undefined) return { everyS, slots }
  const open = numbers.reduce((sum, number) => sum + (slots[number]?.counts.connections ?? 0), 0)
  const connections = (slot.counts.connections ?? 0) - open
  return { everyS, slots: { ...slots, [last]: { ...slot, counts: { ...slot.counts, connections } } } }
}

/** Adds up slots into wider ones. */
function join(timelines: readonly RecordedTimeline[], everyS: number): Map<number, Slot> {
  const joined = new Map<number, Slot>()
  for (const timeline of timelines) {
    const ratio = everyS / timeline.everyS
    for (const [number, from] of Object.entries(timeline.slots))
      addSlot(slotOf(joined, Math.floor(Number(number) / ratio)), from)
  }
  return joined
}

function addSlot(slot: Slot, from: RecordedSlot): void {
  addCounts(slot, from.counts)
  for (const [name, histogram] of Object.entries(from.latencies)) histogramOf(slot, name).add(histogram)
}

function addCounts({ counts }: Slot, from: RecordedSlot['counts']): void {
  for (const name of Object.keys(from) as TimelineCount[])
    counts[name] = (counts[name] ?? 0) + (from[name] ?? 0)
}

function slotOf(slots: Map<number, Slot>, number: number): Slot {
  let slot = slots.get(number)
  if (slot === undefined) {
    slot = { counts: {}, latencies: new Map(), changedIn: 0 }
    slots.set(number, slot)
  }
  return slot
}

function histogramOf({ latencies }: Slot, name: string): LatencyHistogram {
  let histogram = latencies.get(name)
  if (histogram === undefined) {
    histogram = new LatencyHistogram(DIGITS)
    latencies.set(name, histogram)
  }
  return histogram
}

function recordedSlot({ counts, latencies }: Slot): RecordedSlot {
  const recorded = [...latencies].map(([name, histogram]) => [name, histogram.recorded()])
  return { counts: { ...counts }, latencies: Object.fromEntries(recorded) }
}
