import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Listening } from '../../cluster/bus.ts'
import type { Timer } from '../../cluster/clock.ts'
import { within } from '../../cluster/within.ts'
import { consoleAddress, PROCESSES_ADDRESS } from '../../push/agent-requests.ts'
import type { ClusterFigures, ProcessFigures } from './figures.ts'
import { FIGURES_MAX, type FiguresDeps } from './figures-teller.ts'

/** Told the figures of all processes, in JSON, on one line. */
type Watcher = (figures: string) => void

/** Another process, as it was heard last. */
interface Peer {
  readonly figures: ProcessFigures
  readonly heardAtMs: number
}

const EVERY_MS = 1000
/** How long the others have for their answers, so that what is told is of one moment. */
const ANSWER_MS = 250
/** A process that has not been heard of for so long is taken for gone. */
const FORGET_MS = 5000
/** Processes that are listened to; those beyond are not shown. */
const PEERS_MAX = 500

const Series = Type.Array(
  Type.Tuple([Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])), Type.Number()]),
)

const Process = Type.Object({
  process: Type.RegExp(/^[0-9a-f]{16}$/),
  role: Type.Union([Type.Literal('serve'), Type.Literal('node'), Type.Literal('endpoint')]),
  host: Type.String(),
  pid: Type.Number(),
  worker: Type.Optional(Type.Number()),
  version: Type.String(),
  upMs: Type.Number(),
  series: Type.Record(Type.String(), Series),
})

/**
 * Gathers the figures of all processes of a service, once a second, as long as somebody watches: then each is asked to tell its own. This one is always
 * there, whatever becomes of the bus.
 */
export class FiguresGatherer {
  readonly #deps: FiguresDeps
  readonly #watchers = new Set<Watcher>()
  readonly #peers = new Map<string, Peer>()
  #listening: Listening | undefined
  #timer: Timer | undefined

  constructor(deps: FiguresDeps) {
    this.#deps = deps
  }

  /** Tells `see` the figures until the function that it returns is called. */
  watch(see: Watcher): () => void {
    // One of its own, so that each is in the set once.
    const watcher: Watcher = (figures) => see(figures)
    this.#watchers.add(watcher)
    if (this.#watchers.size === 1) this.#start()
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#stop()
    }
  }

  #start(): void {
    const { bus, figures, clock } = this.#deps
    const listening = bus.listen(consoleAddress(figures.process), (request) => {
      if (request.kind === 'figures') this.#heard(request.json)
    })
    this.#listening = listening
    this.#timer = undefined
    const ask = () => {
      if (this.#listening === listening) this.#ask()
    }
    // Who is asked before this process is known to listen can't answer. With the bus away there is nobody to wait for.
    within(clock, ANSWER_MS, listening.flush(), () => {}).then(ask, ask)
  }

  #stop(): void {
    this.#listening?.stop()
    this.#listening = undefined
    this.#timer?.cancel()
    this.#peers.clear()
  }

  #ask(): void {
    const { bus, figures, clock } = this.#deps
    bus.tell(PROCESSES_ADDRESS, { kind: 'watch', watcher: figures.process })
    this.#timer = clock.after(ANSWER_MS, () => {
      this.#timer = clock.after(EVERY_MS - ANSWER_MS, () => this.#ask())
      void this.#tell()
    })
  }

  async #tell(): Promise<void> {
    const { figures, clock, log } = this.#deps
    try {
      const own = await figures.now()
      const nowMs = clock.monotonicMs()
      for (const [process, { heardAtMs }] of this.#peers)
        if (nowMs - heardAtMs >= FORGET_MS) this.#peers.delete(process)
      const others = [...this.#peers.values()].map((peer) => peer.figures)
      const all: ClusterFigures = { atMs: clock.nowMs(), processes: [own, ...others] }
      const json = JSON.stringify(all)
      for (const watcher of [...this.#watchers]) watcher(json)
    } catch (err) {
      log.warn({ err }, 'the figures of this process can not be read')
    }
  }

  #heard(json: string): void {
    const { figures, clock, log } = this.#deps
    const told = json.length > FIGURES_MAX ? undefined : parse(json)
    if (told === undefined) {
      // Of a version that says it in another way, perhaps.
      log.debug({ characters: json.length }, 'a process tells figures that can not be read')
      return
    }
    if (told.process === figures.process) return
    if (!this.#peers.has(told.process) && this.#peers.size >= PEERS_MAX) return
    this.#peers.set(told.process, { figures: told, heardAtMs: clock.monotonicMs() })
  }
}

function parse(json: string): Static<typeof Process> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return Value.Check(Process, value) ? value : undefined
  } catch {
    return undefined
  }
}
