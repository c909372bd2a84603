import { Counts } from '../cluster/counts.ts'
import type { CloseReason } from '../push/errors.ts'
import type { Agents } from './agents.ts'
import type { ClientLimits } from './client-limits.ts'

/** Codes with which user agents and networks end websockets (RFC 6455 section 7.4.1). What they make up is `other`. */
const PEER_CODES = [1000, 1001, 1005, 1006, 1009, 1011] as const

/** How a websocket ended: by the service and why, or by the peer with which code. Bounded in number. */
export type CloseEvent = CloseReason | `peer ${(typeof PEER_CODES)[number] | 'other'}`

/** What a node counts for the operator. */
export class NodeStats {
  readonly agents: Pick<Agents, 'size' | 'counts' | 'load' | 'hellos' | 'checksWaiting'>
  readonly clients: Pick<ClientLimits, 'met' | 'addresses'>
  readonly #closes = new Counts<CloseEvent>()
  #refusedUpgrades = 0

  constructor(agents: NodeStats['agents'], clients: NodeStats['clients']) {
    this.agents = agents
    this.clients = clients
  }

  /** Websockets that have ended. */
  get closes(): ReadonlyMap<CloseEvent, number> {
    return this.#closes.all
  }

  /** Connections that were sent away because too many came at once. */
  get refusedUpgrades(): number {
    return this.#refusedUpgrades
  }

  /** Notes whether an upgrade was refused, and hands that on. */
  refused(isRefused: boolean): boolean {
    if (isRefused) this.#refusedUpgrades += 1
    return isRefused
  }

  /** Notes the end of a websocket. */
  closed(code: number, reason: CloseReason | undefined): void {
    const known = PEER_CODES.find((one) => one === code)
    this.#closes.add(reason ?? `peer ${known ?? 'other'}`)
  }
}
