/** How the bus of a process fares, for those who operate it. No address of a server and no secret is in it. */
export interface BusHealth {
  /** Whether requests should be sent to this process. */
  readonly isReady: boolean
  /** Why not, for a person. */
  readonly reason?: string
  /** The cells of a bus between processes. */
  readonly cells?: CellsHealth
}

/** How the cells of a process fare. */
export interface CellsHealth {
  /** Whether the map given last is in force, with all that is listened to known where it belongs. */
  readonly settled: boolean
  /** By name. */
  readonly byName: Readonly<Record<string, CellHealth>>
}

/** How one cell fares. */
export interface CellHealth {
  readonly connected: boolean
  /** What the map in use says of it, while the map changes. */
  readonly change?: 'adding' | 'removing'
}

/** What a health check answers. */
export interface HealthReport {
  readonly isHealthy: boolean
  /** As JSON, for a person or a script. */
  readonly body: object
}

/** Reports how a process fares, the same for every role. */
export function healthReport(isStoreUp: boolean, { isReady, reason, cells }: BusHealth): HealthReport {
  const isHealthy = isStoreUp && isReady
  const bus = {
    status: word(isReady),
    ...(reason !== undefined && { reason }),
    ...(cells && { settled: cells.settled, cells: cells.byName }),
  }
  return { isHealthy, body: { status: word(isHealthy), store: { status: word(isStoreUp) }, bus } }
}

function word(isUp: boolean): 'OK' | 'ERROR' {
  return isUp ? 'OK' : 'ERROR'
}
