import type { Concerns } from '../cluster/bus.ts'
import type { BroadcastId } from '../push/broadcast.ts'
import type { CertificateFiles } from '../push/certificate.ts'
import { type AddressRange, ClientAddresses } from '../push/client-address.ts'
import type { BusHealth } from '../push/health.ts'
import { type Monitoring, Operations } from '../push/operations.ts'
import { AGENTS_OPTIONS, Agents, type AgentsDeps, type AgentsOptions } from './agents.ts'
import { BroadcastPublisher } from './broadcast-publisher.ts'
import type { BroadcastMeters, BroadcastStats } from './broadcast-stats.ts'
import { BROADCAST_RECHECK_MS, Broadcasts, type BroadcastsOptions } from './broadcasts.ts'
import { CLIENT_LIMITS_OPTIONS, ClientLimits, type ClientLimitsOptions } from './client-limits.ts'
import { askMegaphone } from './megaphone.ts'
import { FOLLOWER_OPTIONS, type FollowerOptions, MegaphoneFollower } from './megaphone-follower.ts'
import { listenAsNode } from './node-address.ts'
import { NodeStats } from './node-stats.ts'
import { loadUws, startWebSocketServer, type WebSocketServerOptions } from './websocket-server.ts'

/** Options of a connection node. */
export interface NodeOptions
  extends AgentsOptions,
    BroadcastsOptions,
    ClientLimitsOptions,
    FollowerOptions,
    WebSocketServerOptions {
  /** Proxies that are believed whose connections theirs are. */
  trustedProxies: readonly AddressRange[]
  /** URL of a Megaphone server whose broadcasts are followed; none without one. */
  megaphoneUrl?: string | undefined
  /** The bearer token it wants, if it wants one. */
  megaphoneToken?: string | undefined
  /** Time over which a node that stops lets its user agents go. */
  drainMs: number
}

/** Unless an operator says otherwise. */
export const NODE_OPTIONS: Omit<NodeOptions, 'publicUrl' | 'host' | 'port'> = {
  ...AGENTS_OPTIONS,
  broadcastRecheckMs: BROADCAST_RECHECK_MS,
  ...FOLLOWER_OPTIONS,
  ...CLIENT_LIMITS_OPTIONS,
  trustedProxies: [],
  sharedPort: false,
  socketBufferBytes: 1024 * 1024,
  drainMs: 0,
}

/** What a connection node works with. */
export interface NodeDeps extends Omit<AgentsDeps, 'broadcasts'> {
  busHealth: () => BusHealth
  monitoring: Monitoring
  meters: BroadcastMeters
}

/** A connection node that serves. */
export interface RunningNode {
  /** The real port, also where 0 was asked for. */
  readonly port: number
  /** Connections at the moment. */
  readonly connections: number
  /** What it counts for the operator. */
  readonly stats: NodeStats
  /** The same of broadcasts. */
  readonly broadcasts: BroadcastStats
  /** The bus lost the connection to these addresses; it is being made anew. */
  busLost(concerns: Concerns): void
  /** The bus has its connection to these addresses back. What was told in between may be lost. */
  busRestored(concerns: Concerns): void
  /** Shows another certificate to new connections; those that are open stay. @throws Error when it can't be used; then the former stays */
  useCertificate(files: CertificateFiles): void
  /** Stops: takes no new connection, makes safe what is in flight, closes every connection. */
  drain(): Promise<void>
}

/**
 * Starts a connection node: websockets of user agents on one side, the bus and the store on the other.
 * @throws Error of one line when uWebSockets.js can't be loaded or the address can't be listened on
 */
export async function startNode(options: NodeOptions, deps: NodeDeps): Promise<RunningNode> {
  const uws = await loadUws()
  const { clock, bus, log } = deps
  const broadcasts = new Broadcasts(options, deps)
  await broadcasts.read()
  const agents = new Agents(options, { ...deps, broadcasts })
  const clients = new ClientLimits(options, clock)
  const stats = new NodeStats(agents, clients)
  const operations = new Operations({
    ...deps,
    ping: () => deps.store.ping(),
    pingTimeoutMs: options.putTimeoutMs,
  })
  const server = await startWebSocketServer(uws, options, {
    open: (socket, client) => agents.open(socket, () => client.mayRegister()),
    clients,
    addresses: new ClientAddresses(options.trustedProxies),
    isOverloaded: () => stats.refused(agents.isOverloaded),
    closed: (code, reason) => stats.closed(code, reason),
    operations,
    clock,
  })
  const versionOf = (id: BroadcastId) => broadcasts.versionOf(id)
  const publisher = new BroadcastPublisher({ target: server, clock, versionOf, meter: deps.meters.published })
  broadcasts.onChange = (id) => publisher.changed(id)
  const follower = followMegaphone(options, { ...deps, broadcasts })
  const everyone = listenAsNode(bus, { agents, broadcasts, polled: () => follower?.polled() })
  return {
    port: server.port,
    stats,
    broadcasts: { publisher, server, follower },
    get connections() {
      return agents.size
    },
    useCertificate: (files) => server.useCertificate(files),
    busLost: (concerns) => agents.busLost(concerns),
    busRestored(concerns) {
      agents.busRestored(concerns)
      void broadcasts.read()
    },
    async drain() {
      operations.drain()
      everyone.stop()
      follower?.close()
      broadcasts.close()
      publisher.close()
      server.stopListening()
      await agents.drain(options.drainMs)
      server.close()
      log.info({ counts: Object.fromEntries(agents.counts) }, 'node stopped')
    },
  }
}

function followMegaphone(
  options: NodeOptions,
  deps: NodeDeps & { broadcasts: Broadcasts },
): MegaphoneFollower | undefined {
  const { megaphoneUrl: url, megaphoneToken: token } = options
  if (url === undefined) return undefined
  const ask = (etag: string | undefined) => askMegaphone({ url, token }, etag, deps.clock)
  return new MegaphoneFollower(options, { ...deps, ask })
}
