import type { BroadcastId } from '../../push/broadcast.ts'
import type { Dice } from './dice.ts'
import type { World } from './world.ts'

/** The broadcasts there are. */
const BROADCASTS = ['remote-settings/monitor_changes', 'news/all'] as BroadcastId[] as [
  BroadcastId,
  ...BroadcastId[],
]
const DROP_SHARE = 0.1

/** What is done with broadcasts in one run: an administrator sets and drops them, browsers ask for them now and then. */
export class Broadcasting {
  readonly #world: World
  readonly #dice: Dice
  /** How long until something happens, in the mean. */
  readonly #everyMs: number
  #ended = false

  constructor(world: World, everyMs: number) {
    this.#world = world
    this.#everyMs = everyMs
    this.#dice = world.dice('broadcasts')
  }

  /** From now on something happens every now and then, until it is ended. */
  begin(): void {
    const waitMs = this.#dice.int(1, 2 * this.#everyMs)
    this.#world.time.after(waitMs, () => {
      if (this.#ended) return
      this.#happen()
      this.begin()
    })
  }

  /** Everything stays as it is. */
  end(): void {
    this.#ended = true
  }

  #happen(): void {
    const { servers, browsers, administrator } = this.#world
    const broadcast = this.#dice.pick(BROADCASTS) ?? BROADCASTS[0]
    const browser = this.#dice.pick(browsers)
    if (browser !== undefined && this.#dice.chance(0.3)) browser.subscribeBroadcast(broadcast)
    const endpoint = this.#dice.pick(
      servers.filter(({ administration, serving }) => administration !== undefined && serving),
    )
    if (endpoint === undefined) return
    if (this.#dice.chance(DROP_SHARE)) administrator.drop(endpoint, broadcast)
    else administrator.put(endpoint, broadcast)
  }
}
