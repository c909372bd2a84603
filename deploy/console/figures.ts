import type { Role } from '../role.ts'

/** Labels and value of one series; of a histogram its buckets (`le`), its sum and its count are series of their own. */
export type Series = readonly [labels: Readonly<Record<string, string | number>>, value: number]

/** What one process of the service tells of itself. */
export interface ProcessFigures {
  /** Made anew at each start: 16 hexadecimal digits. */
  readonly process: string
  readonly role: Role
  readonly host: string
  readonly pid: number
  /** Its number among the workers of one parent, from 1 on; absent where there is one process. */
  readonly worker?: number
  readonly version: string
  /** How long it has been running, in milliseconds. */
  readonly upMs: number
  /** Those of model/metrics.ts that it has, by the name that /metrics gives each series: `pushgrid_connections`, `pushgrid_post_to_ack_seconds_bucket` ... What has not been counted yet is not there. */
  readonly series: Readonly<Record<string, readonly Series[]>>
}

/** What /console/figures sends once a second: what each process told last. */
export interface ClusterFigures {
  /** Wall time of the process that sends it, in milliseconds. */
  readonly atMs: number
  readonly processes: readonly ProcessFigures[]
}

/** What /console/settings says to the page. */
export interface ConsoleSettings {
  readonly version: string
  readonly role: Role
  /** Origin of endpoint URLs. */
  readonly publicUrl: string
  /** Port of the websocket side where it is of the same process; null where only who runs the service knows the address. */
  readonly wsPort: number | null
}
