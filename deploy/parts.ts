import { ENDPOINT_DEFAULTS, startEndpoint } from '../endpoint/endpoint.ts'
import { NODE_OPTIONS, startNode } from '../node/node.ts'
import { createAgentCodec } from '../push/agent-codec.ts'
import { type AgentReply, type AgentRequest, NODES_ADDRESS } from '../push/agent-requests.ts'
import { LMDB_DEFAULTS, openLmdbStore } from '../store/lmdb-store.ts'
import { serveAdmin } from './admin-port.ts'
import type { Parts } from './assembly.ts'
import { addBroadcastMetrics, broadcastMeters } from './metrics/broadcast-metrics.ts'
import { addEndpointMetrics, endpointMeters } from './metrics/endpoint-metrics.ts'
import { addNodeMetrics } from './metrics/node-metrics.ts'

/**
 * The parts of a process, as the commands run them; what no option of the service decides is their own default. A process
 * that serves alone never loads the clients of MongoDB and NATS.
 */
export const parts: Parts = {
  openEmbeddedStore: (options) => openLmdbStore({ ...LMDB_DEFAULTS, ...options }),
  serveAdmin,
  async openSharedStore(options) {
    const { MONGO_DEFAULTS, openMongoStore } = await import('../store/mongodb-store.ts')
    return openMongoStore({ ...MONGO_DEFAULTS, ...options })
  },
  async takeLease(options, clock) {
    const { LEASE_DEFAULTS, takeLease } = await import('../store/mongodb-lease.ts')
    return takeLease({ ...LEASE_DEFAULTS, ...options }, clock)
  },
  async wantJob(options, clock) {
    const [{ wantJob }, { LEASE_DEFAULTS }] = await Promise.all([
      import('../store/mongodb-job.ts'),
      import('../store/mongodb-lease.ts'),
    ])
    return wantJob({ ...LEASE_DEFAULTS, ...options }, clock)
  },
  async loadSharedBus() {
    const { NatsBus } = await import('../cluster/nats-bus.ts')
    return ({ hintsMax, ...options }, events, { clock, random }) => {
      const repeated = {
        isRepeated: ({ kind }: AgentRequest) => kind === 'check',
        max: hintsMax,
        everyone: { address: NODES_ADDRESS, message: { kind: 'check' } },
      } as const
      const codec = createAgentCodec(clock)
      return new NatsBus<AgentRequest, AgentReply>({ ...options, repeated }, { codec, clock, random, events })
    }
  },
  async startNode(options, deps) {
    const meters = broadcastMeters(deps.metrics)
    const node = await startNode({ ...NODE_OPTIONS, ...options }, { ...deps, meters })
    addNodeMetrics(deps.metrics, node.stats)
    addBroadcastMetrics(deps.metrics, node.broadcasts)
    return node
  },
  async startEndpoint(options, deps) {
    const meters = endpointMeters(deps.metrics)
    const endpoint = await startEndpoint({ ...ENDPOINT_DEFAULTS, ...options }, { ...deps, meters })
    addEndpointMetrics(deps.metrics, endpoint.stats)
    return endpoint
  },
}
