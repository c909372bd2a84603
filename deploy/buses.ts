import { InProcessBus } from '../cluster/in-process-bus.ts'
import type { AgentReply, AgentRequest } from '../push/agent-requests.ts'
import type { BusHealth } from '../push/health.ts'
import type { AgentBus, Assembly, BusWatcher } from './assembly.ts'
import { addBusMetrics } from './metrics/bus-metrics.ts'

/** A bus as the parts of a process use it. */
export interface OpenBus {
  readonly bus: AgentBus
  health(): BusHealth
  /** Tells the node from now on what becomes of its connections. */
  tell(node: BusWatcher): void
}

/** Opens the bus of a process that is all of the service. */
export function openOwnBus({ deps, started, metrics }: Assembly): OpenBus {
  const { clock, log } = deps
  const bus = new InProcessBus<AgentRequest, AgentReply>({
    clock,
    onListenerError: (err) => log.error({ err }, 'a listener of the bus failed'),
  })
  started.add('bus', () => bus.close())
  const health = () => ({ isReady: true })
  addBusMetrics(metrics, { health })
  return { bus, health, tell: () => {} }
}
