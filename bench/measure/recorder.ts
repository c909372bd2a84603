import { preciseMs } from '../../cluster/clock.ts'
import type { LatencyName } from '../result/result.ts'
import { LatencyHistogram } from './histogram.ts'
import { Ledger, type LedgerCounts, type PostedMessage } from './ledger.ts'
import { type LiveSample, type LiveView, liveView } from './live.ts'
import type { Measurements } from './measurements.ts'
import { type RecordedTimeline, Timeline, type TimelineCount } from './timeline.ts'

/** Microseconds of the monotonic clock of this process, which all times of a recorder are. */
export function nowUs(): number {
  return preciseMs() * 1000
}

/** A send that began later than that after its intended time is one that the generator could not make in time. */
export const LATE_SEND_US = 10_000
const SWEEP_EVERY_US = 5e6

/**
 * Is told all that a worker does and sees, and turns it into measurements. The ledger and the statuses count the whole run; latencies are those
 * of requests *meant* to be sent in the measured phases, rates what happened in them. It holds what is on its way and a bounded past.
 */
export class Recorder {
  readonly #now: () => number
  readonly #ledger = new Ledger()
  readonly #timeline = new Timeline()
  readonly #phases: { readonly fromUs: number; toUs: number }[] = []
  readonly #latencies = new Map<string, { intended: LatencyHistogram; service: LatencyHistogram }>()
  readonly #recent = new Map<string, LatencyHistogram>()
  readonly #statuses = new Tally()
  readonly #errnos = new Tally()
  readonly #errors = new Tally()
  readonly #counts = new Tally()
  readonly #measured = new Tally()
  #connected = 0
  #errorCount = 0
  #sweptUs = Number.NEGATIVE_INFINITY

  /** @param now microseconds, monotonic */
  constructor(now: () => number = nowUs) {
    this.#now = now
  }

  /** A measured phase begins. @param atUs when it was meant to, as the intended times of its requests have it */
  start(atUs = this.#now()): void {
    if (this.#phases.length === 0) {
      this.#timeline.start(atUs)
      this.#timeline.count('connections', atUs, this.#connected)
    }
    this.#phases.push({ fromUs: atUs, toUs: Number.POSITIVE_INFINITY })
  }

  /** The measured phase ends. */
  stop(atUs = this.#now()): void {
    const phase = this.#phases.at(-1)
    if (phase !== undefined) phase.toUs = Math.min(phase.toUs, atUs)
  }

  /** Whether a measured phase is under way. */
  get isMeasuring(): boolean {
    return this.#isMeasured(this.#now())
  }

  /** A message is sent now. A closed loop has no schedule: there the intended time is that of sending. */
  posting(message: PostedMessage): void {
    const { intendedUs, sentUs } = message
    if (sentUs - this.#sweptUs > SWEEP_EVERY_US) {
      this.#sweptUs = sentUs
      this.#ledger.sweep(sentUs)
    }
    this.#ledger.posting(message)
    this.#happened('posted', sentUs)
    if (!this.#isMeasured(intendedUs)) return
    this.#measured.add('sends')
    if (sentUs - intendedUs > LATE_SEND_US) this.#measured.add('lateSends')
  }

  /** It was answered. @param status 0: there was no answer, and `failed` is told why @param errno of the body, where it has one */
  answered(id: string, status: number, errno: number | undefined, atUs: number): void {
    this.#statuses.add(status)
    if (errno !== undefined) this.#errnos.add(errno)
    const message = this.#ledger.answered(id, status, atUs)
    if (status >= 200 && status < 300) {
      this.#happened('accepted', atUs)
      if (message !== undefined) this.timed('post_to_2xx', message.intendedUs, message.sentUs, atUs)
    } else if (status !== 0) this.#error(atUs)
  }

  /** Something failed that is no HTTP answer: a connection was refused or reset, a wait took too long. */
  failed(kind: string): void {
    this.#errors.add(kind)
    this.#error(this.#now())
  }

  /** A notification reached its user agent. @param isEnding the user agent has asked to end the subscription */
  arrived(id: string, atUs: number, isEnding = false): void {
    const arrival = this.#ledger.arrived(id, atUs, isEnding)
    if (arrival.kind === 'first' || arrival.kind === 'given up') this.#happened('delivered', atUs)
    if (arrival.kind !== 'first') return
    const { intendedUs, sentUs } = arrival.message
    if (arrival.connected) this.timed('post_to_notification', intendedUs, sentUs, atUs)
  }

  /** The user agent acknowledged it. */
  acknowledged(id: string): void {
    this.#ledger.acknowledged(id)
  }

  /** It was DELETEd, or its channel unregistered, with success: it is not due any more. */
  cancelled(id: string): void {
    this.#ledger.cancelled(id, this.#now())
  }

  /** The user agent of a channel has disconnected, with messages perhaps on their way: they count as those of an absent one. */
  offline(channel: string): void {
    this.#ledger.offline(channel, this.#now())
  }

  /** Something took its time. */
  timed(name: LatencyName, intendedUs: number, sentUs: number, endUs: number): void {
    this.#recentOf(name).record(endUs - intendedUs)
    if (!this.#isMeasured(intendedUs)) return
    let both = this.#latencies.get(name)
    if (both === undefined) {
      both = { intended: new LatencyHistogram(), service: new LatencyHistogram() }
      this.#latencies.set(name, both)
    }
    both.intended.record(endUs - intendedUs)
    both.service.record(endUs - sentUs)
    this.#timeline.timed(name, intendedUs, endUs - intendedUs)
  }

  /** Counts whatever a scenario wants to tell. */
  count(name: string, by = 1): void {
    this.#counts.add(name, by)
  }

  /** A connection was made, or has ended. */
  connected(change: 1 | -1): void {
    const atUs = this.#now()
    this.#connected += change
    this.#timeline.count('connections', atUs, change)
    if (change === 1) this.#happened('connects', atUs)
  }

  /** Messages that are accepted, due and have not arrived. */
  outstanding(): number {
    return this.#ledger.outstanding(this.#now())
  }

  /** All so far, as JSON. Whoever is told more later gives a new one. */
  snapshot(): Measurements {
    return this.#measurements(this.#ledger.counts(this.#now()), this.#timeline.recorded())
  }

  /**
   * All so far, if nothing more should be heard: messages whose fate is `open` are left out, for it will never be known. Of the timeline it
   * has what changed since a revision; the next one is to have what changed since the `revision` of this one, if it has arrived.
   */
  part(since: number): {
    readonly measurements: Measurements
    readonly open: number
    readonly revision: number
  } {
    const { counts, open } = this.#ledger.settled()
    const { timeline, revision } = this.#timeline.changes(since)
    return { measurements: this.#measurements(counts, timeline), open, revision }
  }

  #measurements(ledger: LedgerCounts, timeline: RecordedTimeline): Measurements {
    const atUs = this.#now()
    const latencies = [...this.#latencies].map(([name, { intended, service }]) => [
      name,
      { intended: intended.recorded(), service: service.recorded() },
    ])
    return {
      measuredUs: this.#phases.reduce((sum, { fromUs, toUs }) => sum + Math.min(toUs, atUs) - fromUs, 0),
      latencies: Object.fromEntries(latencies),
      ledger,
      statuses: this.#statuses.all(),
      errnos: this.#errnos.all(),
      errors: this.#errors.all(),
      counts: this.#counts.all(),
      measured: this.#measured.all(),
      timeline,
    }
  }

  /** How it is doing, for the terminal; latencies are those that ended since the last time this was asked. */
  live(): LiveView {
    return liveView([this.liveSample()])
  }

  /** The same, to be added up with that of other workers. */
  liveSample(): LiveSample {
    const recent = [...this.#recent].map(([name, histogram]) => [name, histogram.recorded()])
    this.#recent.clear()
    const { posted, accepted, delivered } = this.#ledger
    return {
      posted,
      accepted,
      delivered,
      errors: this.#errorCount,
      connected: this.#connected,
      recent: Object.fromEntries(recent),
    }
  }

  #error(atUs: number): void {
    this.#errorCount += 1
    this.#happened('errors', atUs)
  }

  #happened(name: TimelineCount, atUs: number): void {
    this.#timeline.count(name, atUs)
    if (this.#isMeasured(atUs)) this.#measured.add(name)
  }

  #isMeasured(atUs: number): boolean {
    return this.#phases.some(({ fromUs, toUs }) => atUs >= fromUs && atUs < toUs)
  }

  #recentOf(name: string): LatencyHistogram {
    let histogram = this.#recent.get(name)
    if (histogram === undefined) {
      histogram = new LatencyHistogram(2)
      this.#recent.set(name, histogram)
    }
    return histogram
  }
}

/** Counts by name. */
class Tally {
  readonly #counts = new Map<string, number>()

  add(name: string | number, by = 1): void {
    const key = String(name)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by)
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }
}
