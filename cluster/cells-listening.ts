import type { Listener, Listening } from './bus.ts'
import type { OpenCell, SpreadListening } from './open-cell.ts'

/** A listening in all cells that its address belongs to. A class and no closure: there is one for every connection. */
export class CellsListening<Message, Reply extends object>
  implements Listening, SpreadListening<Message, Reply>
{
  readonly address: string
  readonly listener: Listener<Message, Reply>
  readonly #open: ReadonlySet<OpenCell<Message, Reply>>

  /** @param open all cells in which it may be, then or later */
  constructor(
    open: ReadonlySet<OpenCell<Message, Reply>>,
    address: string,
    listener: Listener<Message, Reply>,
  ) {
    this.#open = open
    this.address = address
    this.listener = listener
  }

  stop(): void {
    for (const cell of this.#open) cell.drop(this)
  }

  /** One cell that knows of it is enough: what is lost in another, which is away, is made up for when that is back. */
  async flush(): Promise<void> {
    const here = [...this.#open].map((cell) => cell.listenings.get(this)).filter((one) => one !== undefined)
    const flushed = await Promise.allSettled(here.map((listening) => listening.flush()))
    const failed = flushed.filter((each) => each.status === 'rejected')
    const [first] = failed
    if (first !== undefined && failed.length === here.length) throw first.reason
  }
}
