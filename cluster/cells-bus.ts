import { isDeepStrictEqual } from 'node:util'
import type { Bus, Concerns, Listener, Listening } from './bus.ts'
import { type Cell, type CellMap, digestsOf, type MapDigests, newCells, oldCells } from './cells.ts'
import { CellsListening } from './cells-listening.ts'
import type { Clock, Timer } from './clock.ts'
import { type CellEvents, OpenCell, type SpreadListening } from './open-cell.ts'
import { Rendezvous } from './rendezvous.ts'

/** Options of a bus over cells. */
export interface CellsBusOptions<Config> {
  /** In force from the start. */
  readonly map: CellMap<Config>
  /** Whether the map never changes: nothing is kept of a listening then where one cell has it all. */
  readonly isFixed: boolean
  /** Tells addresses that belong to every cell. */
  isEverywhere(address: string): boolean
  /** How long a cell that is used no more stays connected, for the asks under way: as long as any may take. */
  readonly lingerMs: number
}

/** Told what becomes of the cells. */
export interface CellsBusEvents {
  /** A cell is connected, for the first time or again. Hints to these addresses may have been lost. */
  restored(concerns: Concerns): void
  /** A cell was lost; it is being connected anew. */
  lost(concerns: Concerns): void
  /** The map given last is in force. */
  changed(): void
  /** All listening is where the map in force wants it, and known there. */
  settled(): void
}

/** What a bus over cells works with. */
export interface CellsBusDeps<Message, Reply extends object, Config> {
  /** Opens the bus of a cell. */
  readonly open: (cell: Cell<Config>, events: CellEvents) => Bus<Message, Reply>
  readonly clock: Clock
  readonly events: CellsBusEvents
}

/** A cell as an operator sees it. */
export interface CellState extends Pick<Cell<unknown>, 'name' | 'change'> {
  /** Whether all that is listened to through it can be reached. */
  readonly isConnected: boolean
}

/** A cell of a map, with its connection. */
interface MappedCell<Message, Reply extends object> extends Pick<Cell<unknown>, 'name' | 'change'> {
  readonly open: OpenCell<Message, Reply>
}

/** A map in force. */
interface UsedCells<Message, Reply extends object> {
  readonly all: readonly OpenCell<Message, Reply>[]
  /** Those of the old map and of the new one: the same object when nothing changes. */
  readonly from: Rendezvous<OpenCell<Message, Reply>>
  readonly to: Rendezvous<OpenCell<Message, Reply>>
  readonly digests: MapDigests
}

/** Listenings moved in one piece, so that what is sent in between is not held up. */
const MOVED_AT_ONCE = 1000

/**
 * A bus over several independent ones, the cells: each address belongs to one, by rendezvous hashing over their names. One that is
 * away is a time-out for its own addresses, and nothing for the others.
 *
 * While the map changes, an address that moves belongs to two cells: it is listened to and told in both, and asked in the new one,
 * then in the old one. So processes that have the old map, both, or the new one find each other, as long as none has the old one
 * alone when the first has only the new one.
 */
export class CellsBus<Message, Reply extends object, Config> implements Bus<Message, Reply> {
  readonly #options: CellsBusOptions<Config>
  readonly #deps: CellsBusDeps<Message, Reply, Config>
  /** All that may have listenings: those in use, on their way in and on their way out. */
  readonly #open = new Set<OpenCell<Message, Reply>>()
  readonly #lingering = new Map<OpenCell<Message, Reply>, Timer>()
  /** The map given last; in force once all of its cells have been connected. */
  #map: readonly MappedCell<Message, Reply>[]
  #used: UsedCells<Message, Reply>
  #settled = true
  /** Counts the maps given: what is done for an earlier one stops. */
  #changes = 0
  #closed = false

  /** Starts to connect to all cells. */
  constructor(options: CellsBusOptions<Config>, deps: CellsBusDeps<Message, Reply, Config>) {
    this.#options = options
    this.#deps = deps
    this.#map = this.#mapped(options.map)
    this.#used = usedOf(this.#map)
  }

  /** Whether any cell in use is connected. */
  get isConnected(): boolean {
    return this.#used.all.some(({ isConnected }) => isConnected)
  }

  /** The cells of the map given last. */
  get cells(): readonly CellState[] {
    return this.#map.map(({ name, change, open }) => ({ name, change, isConnected: open.isConnected }))
  }

  /** Whether the map given last is in force, with all listening where it belongs. */
  get isSettled(): boolean {
    return this.#settled
  }

  /** Digests of the map in force. */
  get digests(): MapDigests {
    return this.#used.digests
  }

  /** For each cell in use a promise that resolves when it is connected for the first time. */
  get firstConnected(): readonly Promise<void>[] {
    return this.#used.all.map((cell) => cell.firstConnected)
  }

  isReachable(address: string): boolean {
    return this.#cellsOf(address).every((cell) => cell.isConnected)
  }

  ask(address: string, message: Message, timeoutMs: number): Promise<Reply | 'absent' | 'timeout'> {
    const { from, to } = this.#used
    const first = to.of(address)
    const second = from === to ? first : from.of(address)
    if (second === first) return first.bus.ask(address, message, timeoutMs)
    return this.#askBoth([first.bus, second.bus], address, message, timeoutMs)
  }

  tell(address: string, message: Message): 'sent' | 'notSent' {
    const told = this.#cellsOf(address).map(({ bus }) => bus.tell(address, message))
    return told.includes('sent') ? 'sent' : 'notSent'
  }

  listen(address: string, listener: Listener<Message, Reply>): Listening {
    const cells = this.#cellsOf(address)
    const [first] = cells
    if (this.#options.isFixed && first !== undefined && cells.length === 1)
      return first.bus.listen(address, listener)
    const listening = new CellsListening(this.#open, address, listener)
    for (const cell of cells) cell.listen(listening)
    return listening
  }

  /**
   * Takes another map. It comes in force when all cells that are new in it have been connected, so that one that can't be reached
   * changes nothing; then listenings are added where they are missing, and after that dropped where they are needed no more.
   * @throws Error when the map was said to be fixed
   */
  change(map: CellMap<Config>): void {
    if (this.#options.isFixed) throw new Error('the map of cells is fixed')
    if (this.#closed) return
    this.#changes += 1
    this.#settled = false
    this.#map = this.#mapped(map)
    void this.#apply(this.#changes)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#changes += 1
    for (const timer of this.#lingering.values()) timer.cancel()
    await Promise.all([...this.#open, ...this.#lingering.keys()].map(({ bus }) => bus.close()))
  }

  /** A cell that is reached as before keeps its connection. */
  #mapped(map: CellMap<Config>): readonly MappedCell<Message, Reply>[] {
    return map.map(({ name, change, config }) => {
      const present = [...this.#open].find(
        (open) => open.name === name && isDeepStrictEqual(open.config, config),
      )
      return { name, change, open: present ?? this.#opened({ name, change, config }) }
    })
  }

  #opened(cell: Cell<Config>): OpenCell<Message, Reply> {
    const { open, events } = this.#deps
    const concerns = (address: string) => this.#cellsOf(address).includes(opened)
    const opened: OpenCell<Message, Reply> = new OpenCell(cell, (own) => open(cell, own), {
      restored: () => events.restored(concerns),
      lost: () => events.lost(concerns),
    })
    this.#open.add(opened)
    return opened
  }

  /** The cells that an address belongs to, in the order of asking. */
  #cellsOf(address: string): readonly OpenCell<Message, Reply>[] {
    const { from, to, all } = this.#used
    if (all.length === 1 || this.#options.isEverywhere(address)) return all
    const first = to.of(address)
    const second = from === to ? first : from.of(address)
    return second === first ? [first] : [first, second]
  }

  async #askBoth(
    [first, second]: readonly [Bus<Message, Reply>, Bus<Message, Reply>],
    address: string,
    message: Message,
    timeoutMs: number,
  ): Promise<Reply | 'absent' | 'timeout'> {
    const { clock } = this.#deps
    const untilMs = clock.monotonicMs() + timeoutMs
    const reply = await first.ask(address, message, timeoutMs)
    if (reply !== 'absent') return reply
    const leftMs = untilMs - clock.monotonicMs()
    return leftMs > 0 ? second.ask(address, message, leftMs) : 'timeout'
  }

  async #apply(change: number): Promise<void> {
    const added = this.#map.filter(({ open }) => !this.#used.all.includes(open))
    await Promise.all(added.map(({ open }) => open.firstConnected))
    if (change !== this.#changes) return
    this.#used = usedOf(this.#map)
    this.#deps.events.changed()
    const isDone =
      (await this.#forEach(change, (listening) => this.#addMissing(listening))) &&
      (await this.#forEach(change, (listening) => this.#dropNeedless(listening)))
    if (!isDone) return
    for (const cell of this.#open) if (!this.#used.all.includes(cell)) this.#retire(cell)
    this.#settled = true
    this.#deps.events.settled()
  }

  /** Visits all listenings, a piece at a time, and waits for what a visit returns. False when there is another map meanwhile. */
  async #forEach(
    change: number,
    visit: (listening: SpreadListening<Message, Reply>) => readonly Promise<void>[],
  ): Promise<boolean> {
    for (const { listenings } of [...this.#open]) {
      let visited = 0
      let waits: Promise<void>[] = []
      for (const listening of listenings.keys()) {
        waits.push(...visit(listening))
        visited += 1
        if (visited % MOVED_AT_ONCE > 0) continue
        await Promise.all([...waits, this.#pause()])
        if (change !== this.#changes) return false
        waits = []
      }
      await Promise.all(waits)
      if (change !== this.#changes) return false
    }
    return true
  }

  #addMissing(listening: SpreadListening<Message, Reply>): readonly Promise<void>[] {
    return this.#cellsOf(listening.address)
      .filter((cell) => !cell.listenings.has(listening))
      .map((cell) => cell.known(cell.listen(listening)))
  }

  #dropNeedless(listening: SpreadListening<Message, Reply>): readonly Promise<void>[] {
    const needed = this.#cellsOf(listening.address)
    for (const cell of this.#open) if (!needed.includes(cell)) cell.drop(listening)
    return []
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#deps.clock.after(0, resolve)
    })
  }

  #retire(cell: OpenCell<Message, Reply>): void {
    this.#open.delete(cell)
    const timer = this.#deps.clock.after(this.#options.lingerMs, () => {
      this.#lingering.delete(cell)
      void cell.bus.close()
    })
    this.#lingering.set(cell, timer)
  }
}

function usedOf<Message, Reply extends object>(
  map: readonly MappedCell<Message, Reply>[],
): UsedCells<Message, Reply> {
  const to = new Rendezvous(newCells(map).map(({ open }) => open))
  const isStable = map.every(({ change }) => change === 'none')
  const from = isStable ? to : new Rendezvous(oldCells(map).map(({ open }) => open))
  return { all: map.map(({ open }) => open), from, to, digests: digestsOf(map) }
}
