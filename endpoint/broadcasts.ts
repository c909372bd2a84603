import type { Bus } from '../cluster/bus.ts'
import type { Clock, Timer } from '../cluster/clock.ts'
import { type AgentReply, type AgentRequest, NODES_ADDRESS } from '../push/agent-requests.ts'
import {
  type Broadcast,
  type BroadcastId,
  type BroadcastVersion,
  parseBroadcastId,
  parseBroadcastVersion,
  VERSION_BYTES_MAX,
} from '../push/broadcast.ts'
import type { Store } from '../store/store.ts'
import type { ArrivedBody } from './body-refusal.ts'
import { accept, type Checked, refuse } from './checked.ts'
import { boundedByStore, storeFailureOf } from './store-failure.ts'

/** Limits and waits of broadcasts. */
export interface BroadcastsOptions {
  /** Broadcasts that there may be. */
  broadcastsMax: number
  /** Nodes are told of a change a second time after this long: hints may be lost. */
  checkAgainMs: number
  /** How long any one operation of the store may take. */
  putTimeoutMs: number
}

/** What broadcasts are set with. */
export interface BroadcastsDeps {
  bus: Bus<AgentRequest, AgentReply>
  store: Pick<Store, 'listBroadcasts' | 'putBroadcast' | 'dropBroadcast'>
  clock: Clock
}

const ID_INVALID = refuse(
  'broadcastInvalid',
  'A broadcast is named BROADCASTER/CHANNEL: 1 to 64 and 1 to 128 of the characters A-Z a-z 0-9 . _ ~ -',
)
const VERSION_INVALID = refuse(
  'broadcastInvalid',
  'The body is the version: text in UTF-8 without control characters such as line ends, and not empty',
)
const VERSION_TOO_LONG = refuse('bodyTooLarge', `The version must have at most ${VERSION_BYTES_MAX} bytes`)
const UNKNOWN = refuse('broadcastUnknown', 'There is no such broadcast')

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What an operator does with broadcasts. Nodes are told of each change, and read it from the store. */
export class Broadcasts {
  readonly #options: BroadcastsOptions
  readonly #deps: BroadcastsDeps
  #again: Timer | undefined

  constructor(options: BroadcastsOptions, deps: BroadcastsDeps) {
    this.#options = options
    this.#deps = deps
  }

  /** All of them, in the order of their names. */
  async list(): Promise<Checked<readonly Broadcast[]>> {
    const listed = await this.#stored(this.#deps.store.listBroadcasts())
    if (!listed.ok) return listed
    return accept([...listed.value].sort((one, other) => (one.id < other.id ? -1 : 1)))
  }

  /** Sets one; says whether it is new. */
  async put(name: string, body: ArrivedBody): Promise<Checked<'created' | 'changed' | 'unchanged'>> {
    const id = parseBroadcastId(name)
    if (id === undefined) return ID_INVALID
    const version = versionOf(body)
    if (!version.ok) return version
    const put = await this.#stored(this.#put(id, version.value))
    if (!put.ok) return put
    const outcome = put.value
    if (outcome !== 'full') return accept(outcome)
    const { broadcastsMax } = this.#options
    return refuse(
      'broadcastsFull',
      `There are ${broadcastsMax} broadcasts, and may be no more: delete one, or raise PUSHGRID_BROADCASTS_MAX`,
    )
  }

  /** Drops one. User agents keep the version they have. */
  async drop(name: string): Promise<Checked<undefined>> {
    const id = parseBroadcastId(name)
    if (id === undefined) return ID_INVALID
    const dropped = await this.#stored(this.#drop(id))
    if (!dropped.ok) return dropped
    return dropped.value ? accept(undefined) : UNKNOWN
  }

  /** Gives the waiting hint at once: the process is about to end. */
  close(): void {
    if (this.#again !== undefined) this.#tellAgain()
  }

  async #put(id: BroadcastId, version: BroadcastVersion) {
    try {
      return await this.#deps.store.putBroadcast(id, version, this.#options.broadcastsMax)
    } finally {
      this.#tell()
    }
  }

  async #drop(id: BroadcastId): Promise<boolean> {
    try {
      return await this.#deps.store.dropBroadcast(id)
    } finally {
      this.#tell()
    }
  }

  /** Also of what has failed or comes too late to be answered: it may have been done all the same. */
  #tell(): void {
    this.#deps.bus.tell(NODES_ADDRESS, { kind: 'broadcasts', hint: 'changed' })
    this.#again?.cancel()
    this.#again = this.#deps.clock.after(this.#options.checkAgainMs, () => this.#tellAgain())
  }

  #tellAgain(): void {
    this.#again?.cancel()
    this.#again = undefined
    this.#deps.bus.tell(NODES_ADDRESS, { kind: 'broadcasts', hint: 'changed' })
  }

  async #stored<T>(work: Promise<T>): Promise<Checked<T>> {
    try {
      return accept(await boundedByStore(this.#deps.clock, this.#options.putTimeoutMs, work))
    } catch (error) {
      return refuse(
        storeFailureOf(error),
        'The store of broadcasts does not answer as it should: try again later',
      )
    }
  }
}

function versionOf(body: ArrivedBody): Checked<BroadcastVersion> {
  if (body.outcome === 'tooLarge') return VERSION_TOO_LONG
  try {
    const version = parseBroadcastVersion(UTF8.decode(body.bytes))
    return version === undefined ? VERSION_INVALID : accept(version)
  } catch {
    return VERSION_INVALID
  }
}
