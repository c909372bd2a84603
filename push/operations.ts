import type { Clock } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { type BusHealth, healthReport } from './health.ts'

/** Which software runs. */
export interface Software {
  readonly version: string
  /** Of its source, where that is known. */
  readonly commit?: string | undefined
}

/** A text with its media type. */
export interface Content {
  readonly type: string
  readonly text: string
}

/** What a process tells those who operate it, apart from how it fares. */
export interface Monitoring {
  readonly software: Software
  /** Its measurements, for Prometheus. Rejects when they can't be gathered. */
  metrics(): Promise<Content>
}

/** What the operational routes work with. */
export interface OperationsDeps {
  readonly monitoring: Monitoring
  /** Resolves when the store can be written to. */
  ping(): Promise<void>
  /** How long it may take. */
  readonly pingTimeoutMs: number
  busHealth(): BusHealth
  readonly clock: Clock
}

/** What such a route answers. */
export interface OperationsAnswer extends Content {
  readonly status: 200 | 503
}

/** Paths of the operational routes; all are read with GET. */
export const OPERATIONS = [
  '/health',
  '/__heartbeat__',
  '/__lbheartbeat__',
  '/__version__',
  '/metrics',
] as const

/** Path of an operational route. */
export type OperationsPath = (typeof OPERATIONS)[number]

/**
 * The routes that an operator's tools ask, the same on both sides of the service: health with dependencies checked (`/health` and
 * `/__heartbeat__`), whether this process takes requests (`/__lbheartbeat__`), version and metrics. Three of them are Mozilla's
 * Dockerflow.
 */
export class Operations {
  readonly #deps: OperationsDeps
  #draining = false

  constructor(deps: OperationsDeps) {
    this.#deps = deps
  }

  /** The process takes no new requests from now on. */
  drain(): void {
    this.#draining = true
  }

  /** Answers a request; never rejects. */
  async answer(path: OperationsPath): Promise<OperationsAnswer> {
    const { monitoring } = this.#deps
    switch (path) {
      case '/health':
      case '/__heartbeat__':
        return this.#health()
      case '/__lbheartbeat__':
        // Not of the dependencies: a load balancer that took all processes away because of one would make it worse.
        return this.#draining ? json(503, { status: 'DRAINING' }) : json(200, { status: 'OK' })
      case '/__version__':
        return json(200, { name: 'pushgrid', ...monitoring.software })
      case '/metrics':
        return monitoring.metrics().then(
          (content) => ({ status: 200, ...content }),
          () => json(503, { status: 'ERROR' }),
        )
    }
  }

  async #health(): Promise<OperationsAnswer> {
    const { ping, pingTimeoutMs, busHealth, clock, monitoring } = this.#deps
    const pinged = ping().then(
      () => true,
      () => false,
    )
    const isStoreUp = await within(clock, pingTimeoutMs, pinged, () => false)
    const { isHealthy, body } = healthReport(isStoreUp, busHealth())
    return json(isHealthy ? 200 : 503, { ...body, version: monitoring.software.version })
  }
}

function json(status: 200 | 503, body: object): OperationsAnswer {
  return { status, type: 'application/json', text: JSON.stringify(body) }
}
