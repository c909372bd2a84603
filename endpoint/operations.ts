import type { FastifyInstance } from 'fastify'
import type { Clock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { type BusHealth, healthReport } from '../push/health.ts'
import type { Store } from '../store/store.ts'
import { refuseOtherMethods } from './app.ts'

/** What the operational routes work with. */
export interface OperationsOptions {
  /** Version of the software. */
  version: string
  /** How long the store may take to answer a health check. */
  pingTimeoutMs: number
  store: Store
  busHealth: () => BusHealth
  clock: Clock
}

/** The routes an operator's tools ask: health with dependencies checked, liveness alone, and the version. */
export function addOperations(app: FastifyInstance, options: OperationsOptions): void {
  const { version, busHealth } = options
  for (const url of ['/health', '/__heartbeat__']) {
    app.get(url, async (_request, reply) => {
      const { isHealthy, body } = healthReport(await isStoreUp(options), busHealth())
      reply.code(isHealthy ? 200 : 503)
      return { ...body, version }
    })
  }
  app.get('/__lbheartbeat__', () => ({ status: 'OK' }))
  app.get('/__version__', () => ({ name: 'pushgrid', version }))
  for (const url of ['/health', '/__heartbeat__', '/__lbheartbeat__', '/__version__']) {
    refuseOtherMethods(app, url, ['GET', 'HEAD'])
  }
}

async function isStoreUp({ store, clock, pingTimeoutMs }: OperationsOptions): Promise<boolean> {
  const ping = store.ping().then(
    () => true,
    () => false,
  )
  return await within(clock, pingTimeoutMs, ping, () => false)
}
