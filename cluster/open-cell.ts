import type { Bus, Listener, Listening } from './bus.ts'
import type { Cell } from './cells.ts'
import type { Named } from './rendezvous.ts'

/** Told by the bus of a cell what becomes of its connection. */
export interface CellEvents {
  /** Connected, for the first time or again, and all that is listened to is known there. */
  restored(): void
  /** The connection was lost; it is being made anew. */
  lost(): void
}

/** One listening as its listener knows it, in whichever cells. */
export interface SpreadListening<Message, Reply> {
  readonly address: string
  readonly listener: Listener<Message, Reply>
}

/** A cell with its connection, and what is listened to through it. */
export class OpenCell<Message, Reply extends object> implements Named {
  readonly name: string
  readonly config: unknown
  readonly bus: Bus<Message, Reply>
  /** In the order in which they were added; it may change while somebody goes through it. */
  readonly listenings = new Map<SpreadListening<Message, Reply>, Listening>()
  /** Resolves at the first connection. */
  readonly firstConnected: Promise<void>
  #isConnected = false
  #waiting: (() => void)[] = []

  /** @param events told what becomes of it, too */
  constructor(
    { name, config }: Pick<Cell<unknown>, 'name' | 'config'>,
    open: (events: CellEvents) => Bus<Message, Reply>,
    events: CellEvents,
  ) {
    this.name = name
    this.config = config
    this.firstConnected = this.#restored()
    this.bus = open({
      restored: () => {
        this.#isConnected = true
        for (const waiting of this.#waiting.splice(0)) waiting()
        events.restored()
      },
      lost: () => {
        this.#isConnected = false
        events.lost()
      },
    })
  }

  /** Whether all that is listened to through it can be reached. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  /** Starts to listen here, too. */
  listen(listening: SpreadListening<Message, Reply>): Listening {
    const added = this.bus.listen(listening.address, listening.listener)
    this.listenings.set(listening, added)
    return added
  }

  /** Listens here no longer. */
  drop(listening: SpreadListening<Message, Reply>): void {
    this.listenings.get(listening)?.stop()
    this.listenings.delete(listening)
  }

  /** Resolves when a listening here is known to those who ask, be it after the next connection. */
  async known(listening: Listening): Promise<void> {
    try {
      await listening.flush()
    } catch {
      await this.#restored()
    }
  }

  #restored(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }
}
