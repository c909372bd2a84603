import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Listening } from '../../cluster/bus.ts'
import type { Clock, Timer } from '../../cluster/clock.ts'
import { consoleAddress, PROCESSES_ADDRESS } from '../../push/agent-requests.ts'
import type { Log } from '../../push/log.ts'
import type { AgentBus } from '../assembly.ts'
import type { ClusterFigures, ProcessFigures } from './figures.ts'
import type { OwnFigures } from './own-figures.ts'

/** What gathering figures works with. */
export interface FiguresGathererDeps {
  readonly bus: AgentBus
  readonly figures: OwnFigures
  readonly clock: Clock
  readonly log: Log
}

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
/** The figures of one process have some 10 kB. */
const JSON_MAX = 128 * 1024

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
  readonly #deps: FiguresGathererDeps
  readonly #watchers = new Set<Watcher>()
  readonly #peers = new Map<string, Peer>()
  #listening: Listening | undefined
  #timer: Timer | undefined

  constructor(deps: FiguresGathererDeps) {
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
    const { bus, figures } = this.#deps
    const listening = bus.listen(consoleAddress(figures.process), (request) => {
      if (request.kind === 'figures') this.#heard(request.json)
    })
    this.#listening = listening
    this.#timer = undefined
    // Who is asked before this process is known to listen can't answer.
    const ask = () => {
      if (this.#listening === listening) this.#ask()
    }
    listening.flush().then(ask, ask)
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
    const { figures, clock } = this.#deps
    const told = json.length > JSON_MAX ? undefined : parse(json)
    // What is damaged, or of another version that says it otherwise, is left out.
    if (told === undefined || told.process === figures.process) return
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
