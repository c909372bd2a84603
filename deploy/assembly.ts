import type { Logger } from 'pino'
import type { Bus, Concerns } from '../cluster/bus.ts'
import type { Clock, Random } from '../cluster/clock.ts'
import type { NatsBusEvents } from '../cluster/nats-bus.ts'
import type { NatsOptions } from '../cluster/nats-options.ts'
import type { Console } from '../endpoint/console.ts'
import type { AgentReply, AgentRequest } from '../push/agent-requests.ts'
import type { BusHealth } from '../push/health.ts'
import type { Content, Monitoring } from '../push/operations.ts'
import type { Tokens } from '../push/tokens.ts'
import type { Tracer } from '../push/tracing.ts'
import type { StoreInspector } from '../store/inspection.ts'
import type { EmbeddedStore } from '../store/lmdb-store.ts'
import type { Job } from '../store/mongodb-job.ts'
import type { LeaseOptions, LeaseOutcome } from '../store/mongodb-lease.ts'
import type { Store, StoreLimits } from '../store/store.ts'
import type { UnreadableListener } from '../store/unreadable.ts'
import type { AdminPort } from './admin-port.ts'
import type { LoadedCertificate } from './certificate.ts'
import type { CertificateKeeper } from './certificate-keeper.ts'
import type { OwnFigures } from './console/own-figures.ts'
import type { Metrics, Snapshot } from './metrics/metrics.ts'
import type { Options } from './options.ts'
import type { Role } from './role.ts'
import type { Started } from './started.ts'

/** What passes between endpoints and the nodes of user agents. */
export type AgentBus = Bus<AgentRequest, AgentReply>

/** What every part gets. */
export interface ProcessDeps {
  clock: Clock
  random: Random
  log: Logger
}

/** The place of this process among several workers that share a port. */
export interface WorkerPlace {
  /** From 1 on. */
  readonly number: number
  /** Says how this process is measured. */
  measureBy(measure: () => Promise<Snapshot>): void
  /** The metrics of all workers together. */
  gatherMetrics(): Promise<Content>
}

/** What both servers work with. */
export interface ServerDeps extends ProcessDeps {
  metrics: Metrics
  monitoring: Monitoring
  tracer?: Tracer | undefined
  bus: AgentBus
  busHealth: () => BusHealth
  store: Store
  tokens: Tokens
}

/** What an endpoint works with. */
export interface EndpointServerDeps extends ServerDeps {
  /** Undefined where it is not served. */
  console: Console | undefined
}

/** Options of the embedded store. */
export interface EmbeddedStoreOptions {
  readonly directory: string
  readonly limits: StoreLimits
  readonly diskReserveBytes: number
  readonly waitingWritesMax: number
  readonly unreadable: UnreadableListener
}

/** Options of the store that the processes of a cluster share. */
export interface SharedStoreOptions {
  readonly url: string
  readonly limits: StoreLimits
  readonly clock: Clock
  readonly operationTimeoutMs: number
  /** Whether this process may use it at the moment. */
  readonly isAllowed: () => boolean
  readonly unreadable: UnreadableListener
}

/** Options of the lease of a process that serves alone from a shared database. */
export type DatabaseLeaseOptions = Pick<
  LeaseOptions,
  'url' | 'purpose' | 'holder' | 'name' | 'operationTimeoutMs' | 'onWaiting'
>

/** Options of a job that one of the processes of a cluster does. */
export type DatabaseJobOptions = Omit<DatabaseLeaseOptions, 'onWaiting'>

/** Options of the bus between processes, in one cell. */
export interface SharedBusOptions {
  readonly nats: NatsOptions
  readonly pendingAsksMax: number
  readonly pendingBytesMax: number
  readonly unconfirmedBytesMax: number
  /** User agents whose hint to look into the store may wait for a connection. */
  readonly hintsMax: number
}

/** The options of a process, those that depend on its role decided. */
export type RoleOptions = Options & { readonly drainMs: number }

/** Options of one server: all of the process, where it listens, and with which certificate, if it does so by TLS. */
export type ServerOptions = RoleOptions & {
  readonly port: number
  readonly publicUrl: string
  readonly certificate?: LoadedCertificate
}

/** Options of a node, and whether other processes listen on its port, too. */
export type NodeServerOptions = ServerOptions & { readonly sharedPort: boolean }

/** Who is told what becomes of the bus: connections to these addresses. */
export interface BusWatcher {
  busLost(concerns: Concerns): void
  busRestored(concerns: Concerns): void
}

/** A node that runs, as far as a process is concerned. */
export interface NodePart extends BusWatcher {
  readonly port: number
  useCertificate(certificate: LoadedCertificate): void
  drain(): Promise<void>
}

/** An endpoint that runs, as far as a process is concerned. */
export interface EndpointPart {
  readonly port: number
  useCertificate(certificate: LoadedCertificate): void
  close(): Promise<void>
}

/** Connects to one cell of the bus between processes. */
export type OpenCellBus = (options: SharedBusOptions, events: NatsBusEvents, deps: ProcessDeps) => AgentBus

/** The parts that a process is made of. A test passes others to see them started and stopped in order. */
export interface Parts {
  openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore>
  /** Serves an operator's commands on the store of a data folder. */
  serveAdmin(dataDir: string, inspector: StoreInspector, random: Random): Promise<AdminPort>
  openSharedStore(options: SharedStoreOptions): Promise<Store>
  takeLease(options: DatabaseLeaseOptions, clock: Clock): Promise<LeaseOutcome>
  wantJob(options: DatabaseJobOptions, clock: Clock): Promise<Job>
  /** Loads the client of NATS. */
  loadSharedBus(): Promise<OpenCellBus>
  startNode(options: NodeServerOptions, deps: ServerDeps): Promise<NodePart>
  startEndpoint(options: ServerOptions, deps: EndpointServerDeps): Promise<EndpointPart>
}

/** A process on its way up: what it is made from, and what runs so far. */
export interface Assembly {
  readonly role: Role
  readonly options: RoleOptions
  readonly parts: Parts
  readonly deps: ProcessDeps
  readonly started: Started
  readonly metrics: Metrics
  /** What it tells consoles. */
  readonly figures: OwnFigures
  /** Undefined where nothing is traced. */
  readonly tracer: Tracer | undefined
  /** Undefined where a process has its port to itself. */
  readonly worker: WorkerPlace | undefined
  /** Says that the process must not go on, and why. */
  readonly fail: (reason: string) => void
  /** Where the process serves by TLS. */
  readonly certificate: CertificateKeeper | undefined
  /** What to do when the process is told to read again what may change. */
  readonly reloads: (() => void)[]
}
