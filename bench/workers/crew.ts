import type { Job } from '../load/generator.ts'
import { type LiveSample, type LiveView, liveView } from '../measure/live.ts'
import type { WorkerResult } from '../result/assemble.ts'
import type { BenchResult } from '../result/result.ts'
import {
  ALIVE_EVERY_MS,
  type FromWorker,
  GONE_AFTER_MS,
  START_WITHIN_MS,
  type ToWorker,
  type WorkerPart,
  type WorkerReport,
} from './messages.ts'
import { lastPart, updatePart } from './parts.ts'

/** The way to a worker. */
export interface WorkerLink {
  readonly name: string
  say(message: ToWorker): void
  /** Frees what belongs to it; a worker process ends. */
  close(): void
}

/** What a coordinator is told about a worker. */
export interface WorkerEars {
  heard(message: FromWorker): void
  /** It is known to be gone. */
  gone(): void
}

/** What all workers found out together. */
export interface CrewResult {
  readonly workers: readonly WorkerResult[]
  readonly phases: BenchResult['phases']
  readonly warnings: BenchResult['warnings']
}

/** What whoever runs a job wants to be told. */
export interface CrewOptions {
  /** Seconds since the start of the run, on the clock of all samples. */
  readonly sinceStartS: () => number
  /** Called each second. */
  readonly live?: ((view: LiveView) => void) | undefined
  /** Called when all begin a phase; its number is that of all phases for the end. */
  readonly entered?: ((index: number) => void) | undefined
}

interface Member {
  readonly link: WorkerLink
  /** The phase before which it waits. */
  at: number
  /** When it said something last; before that, as if it had until it should have started. */
  heardS: number
  sample: LiveSample | undefined
  /** What it has told so far, which counts when it is lost. */
  part: WorkerPart | undefined
  report: WorkerReport | undefined
  lostAtS: number | undefined
}

const MS_PER_S = 1000

/**
 * Coordinates the workers of a run: lets them into each phase together, notices those that are gone, and goes on without them.
 * A crew is for one run.
 */
export class Crew {
  readonly #options: CrewOptions
  readonly #members: Member[] = []
  readonly #result: Promise<CrewResult>
  #settle: { resolve(result: CrewResult): void; reject(error: Error): void } | undefined
  #entered = -1
  #startS = 0
  #isEnding = false

  constructor(options: CrewOptions) {
    this.#options = options
    this.#result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  /** Takes on a worker. */
  join(link: WorkerLink): WorkerEars {
    const member: Member = {
      link,
      at: -1,
      heardS: this.#options.sinceStartS() + (START_WITHIN_MS - GONE_AFTER_MS) / MS_PER_S,
      sample: undefined,
      part: undefined,
      report: undefined,
      lostAtS: undefined,
    }
    this.#members.push(member)
    return {
      heard: (message) => this.#heard(member, message),
      gone: () => this.#lost(member),
    }
  }

  /**
   * Gives each its share, and resolves with what they found out; of those that were lost, what they had told by then.
   * @throws Error when a worker says that it can't be done, or all were lost before they could tell anything
   */
  async play(job: Omit<Job, 'worker' | 'workers'>): Promise<CrewResult> {
    const workers = this.#members.length
    const tick = setInterval(() => this.#tick(), ALIVE_EVERY_MS)
    try {
      this.#members.forEach(({ link }, worker) => {
        link.say({ type: 'job', job: { ...job, worker, workers } })
      })
      if (this.#isEnding) this.end()
      return await this.#result
    } finally {
      clearInterval(tick)
      for (const { link } of this.#members) link.close()
    }
  }

  /** Ends the run early, also before it begins: what was measured so far is the result. */
  end(): void {
    this.#isEnding = true
    for (const { link } of this.#working()) link.say({ type: 'end' })
  }

  #heard(member: Member, message: FromWorker): void {
    if (member.lostAtS !== undefined) return
    member.heardS = this.#options.sinceStartS()
    switch (message.type) {
      case 'at':
        member.at = message.index
        break
      case 'alive':
        member.sample = message.sample
        break
      case 'part':
        member.part = updatePart(member.part, message.part)
        member.link.say({ type: 'kept', mark: message.part.mark })
        break
      case 'done':
        member.report = message.report
        break
      case 'failed':
        this.#fail(`${member.link.name}: ${message.text}`)
    }
    this.#proceed()
  }

  #lost(member: Member): void {
    if (member.report !== undefined || member.lostAtS !== undefined) return
    member.lostAtS = this.#options.sinceStartS()
    member.part &&= lastPart(member.part)
    member.link.close()
    this.#proceed()
  }

  #fail(text: string): void {
    this.end()
    this.#settle?.reject(new Error(text))
  }

  /** Opens the next phase when all wait for it, and ends when all are done. */
  #proceed(): void {
    const working = this.#working()
    if (working.length === 0) {
      this.#finish()
      return
    }
    const index = Math.min(...working.map(({ at }) => at))
    if (index <= this.#entered) return
    if (this.#entered === -1) this.#startS = this.#options.sinceStartS()
    this.#entered = index
    this.#options.entered?.(index)
    for (const { link } of working) link.say({ type: 'enter', index })
  }

  #finish(): void {
    const reports = this.#members.flatMap(({ report, part }) => report ?? part ?? [])
    if (reports.length === 0) {
      this.#settle?.reject(new Error('all workers stopped before the end: there is no result'))
      return
    }
    this.#settle?.resolve({
      workers: this.#members.map((member) => resultOf(member, this.#startS)),
      phases: joinPhases(reports, this.#startS),
      warnings: reports.flatMap(({ warnings }) => warnings),
    })
  }

  #working(): readonly Member[] {
    return this.#members.filter(({ report, lostAtS }) => report === undefined && lostAtS === undefined)
  }

  #tick(): void {
    const nowS = this.#options.sinceStartS()
    for (const member of this.#working())
      if (nowS - member.heardS > GONE_AFTER_MS / MS_PER_S) this.#lost(member)
    const samples = this.#members.flatMap(({ sample }) => (sample === undefined ? [] : [sample]))
    this.#options.live?.(liveView(samples))
    for (const member of this.#members)
      if (member.sample !== undefined) member.sample = { ...member.sample, recent: {} }
  }
}

/** On the clock of the run, which began before the workers did. */
function resultOf({ link: { name }, report, part, lostAtS }: Member, startS: number): WorkerResult {
  const lost = lostAtS !== undefined && {
    lost: { atS: lostAtS, ...(part && { knownToS: part.mark.atS + startS, open: part.open }) },
  }
  const known = report ?? part
  if (known === undefined) return { name, ...lost }
  const { measurements, self } = known
  const samples = self.samples.map((sample) => ({ ...sample, atS: sample.atS + startS }))
  return { name, measurements, self: { ...self, samples }, ...lost }
}

/** Each phase from the first worker's beginning to the last one's end. */
function joinPhases(reports: readonly WorkerReport[], startS: number): BenchResult['phases'] {
  const longest = reports.reduce((a, b) => (b.phases.length > a.phases.length ? b : a))
  return longest.phases.map((phase, index) => {
    const same = reports.flatMap(({ phases }) => phases[index] ?? [])
    return {
      ...phase,
      fromS: startS + Math.min(...same.map(({ fromS }) => fromS)),
      toS: startS + Math.max(...same.map(({ toS }) => toS)),
    }
  })
}
