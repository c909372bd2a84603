import { Generator, type GeneratorFacts, type Job } from '../load/generator.ts'
import { nowUs, Recorder } from '../measure/recorder.ts'
import { SelfSampler } from '../measure/self.ts'
import {
  ALIVE_EVERY_MS,
  type FromWorker,
  PART_EVERY_MS,
  type PartMark,
  type ToWorker,
  type WorkerPart,
  type WorkerReport,
} from './messages.ts'

const US_PER_S = 1e6

/** One worker of a run, wherever it is: plays its share of a job, measures it and itself, and waits for the others before each phase. */
export class Worker {
  readonly #say: (message: FromWorker) => void
  readonly #canBeLost: boolean
  #wait: { readonly index: number; readonly over: () => void } | undefined
  #generator: Generator | undefined
  #startUs: number | undefined
  #entered = -1
  /** What the coordinator is known to have. */
  #kept: PartMark = { revision: 0, atS: Number.NEGATIVE_INFINITY }

  /** @param say takes messages to the coordinator @param canBeLost alone, so that the coordinator has to know what it has found out so far */
  constructor(say: (message: FromWorker) => void, { canBeLost = true } = {}) {
    this.#say = say
    this.#canBeLost = canBeLost
  }

  /** The coordinator said something. */
  told(message: ToWorker): void {
    switch (message.type) {
      case 'job':
        this.#play(message.job).then(
          (report) => this.#say({ type: 'done', report }),
          (error: unknown) => this.#say({ type: 'failed', text: messageOf(error) }),
        )
        break
      case 'enter':
        this.#startUs ??= nowUs()
        this.#entered = message.index
        if (this.#wait !== undefined && this.#wait.index <= message.index) this.#wait.over()
        break
      case 'kept':
        this.#kept = message.mark
        break
      case 'end':
        this.#generator?.end()
        break
      case 'abandon':
        this.#generator?.end()
        this.#entered = Number.POSITIVE_INFINITY
        this.#wait?.over()
    }
  }

  async #play(job: Job): Promise<WorkerReport> {
    const recorder = new Recorder()
    const generator = new Generator(job, recorder, { enter: (index) => this.#enter(index) })
    this.#generator = generator
    const self = new SelfSampler(
      () => this.#sinceStartS(nowUs()),
      () => recorder.isMeasuring,
    )
    const alive = setInterval(
      () => this.#say({ type: 'alive', sample: recorder.liveSample() }),
      ALIVE_EVERY_MS,
    )
    const parts = this.#repeat(() => this.#say({ type: 'part', part: this.#part(recorder, self, generator) }))
    try {
      const facts = await generator.run()
      return { measurements: recorder.snapshot(), self: self.stop(), ...this.#described(facts) }
    } finally {
      clearInterval(alive)
      clearInterval(parts)
      self.stop()
    }
  }

  /** As often as parts are told, once there is something to tell. */
  #repeat(say: () => void): NodeJS.Timeout | undefined {
    if (!this.#canBeLost) return undefined
    return setInterval(() => {
      if (this.#startUs !== undefined) say()
    }, PART_EVERY_MS)
  }

  #part(recorder: Recorder, self: SelfSampler, generator: Generator): WorkerPart {
    const { revision, ...told } = recorder.part(this.#kept.revision)
    const mark = { revision, atS: this.#sinceStartS(nowUs()) }
    return { ...told, self: self.soFar(this.#kept.atS), ...this.#described(generator.facts()), mark }
  }

  #enter(index: number): Promise<void> {
    this.#say({ type: 'at', index })
    if (this.#entered >= index) return Promise.resolve()
    return new Promise((over) => {
      this.#wait = { index, over }
    })
  }

  #described({ phases, warnings }: GeneratorFacts): Pick<WorkerReport, 'phases' | 'warnings'> {
    return {
      phases: phases.map(({ name, fromUs, toUs, measured }) => ({
        name,
        fromS: this.#sinceStartS(fromUs),
        toS: this.#sinceStartS(toUs),
        measured,
      })),
      warnings: [...warnings],
    }
  }

  /** Negative before the first phase. */
  #sinceStartS(atUs: number): number {
    return (atUs - (this.#startUs ?? nowUs())) / US_PER_S
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
