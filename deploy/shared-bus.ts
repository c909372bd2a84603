import { CellAgreement } from '../cluster/cell-agreement.ts'
import { CellsBus, type CellsBusEvents } from '../cluster/cells-bus.ts'
import type { NatsOptions } from '../cluster/nats-options.ts'
import { within } from '../cluster/within.ts'
import {
  type AgentReply,
  type AgentRequest,
  isEverywhere,
  PROCESSES_ADDRESS,
} from '../push/agent-requests.ts'
import type { BusHealth, CellHealth } from '../push/health.ts'
import type { Assembly, BusWatcher, ProcessDeps } from './assembly.ts'
import type { OpenBus } from './buses.ts'
import { CellsLog } from './cells-log.ts'
import type { Cluster, NatsCells } from './cluster-options.ts'
import { addBusMetrics } from './metrics/bus-metrics.ts'
import { StartError } from './start-error.ts'

type SharedBus = CellsBus<AgentRequest, AgentReply, Omit<NatsOptions, 'name'>>

/** A process without any NATS does not start: something is wrong, and whoever starts it should hear of it. */
const CONNECT_MS = 10_000
/** Once one cell is connected the others have this long: one that is away must not keep a process from starting. */
const OTHERS_MS = 2000

/**
 * Connects to all cells of the bus between processes, and watches that all processes have the same map of them. Connections are
 * for ever made anew.
 * @param name what the servers' monitoring calls this process
 * @throws StartError when no server of any cell takes it
 */
export async function openSharedBus(assembly: Assembly, cluster: Cluster, name: string): Promise<OpenBus> {
  const { deps, started, reloads, metrics } = assembly
  const cellsLog = new CellsLog(deps)
  const events = new BusEvents(deps)
  const bus = await openCells(assembly, cluster, name, { cellsLog, events })
  started.add('bus', () => bus.close())
  await connected(bus, cluster, cellsLog, deps)
  const agreement = agree(bus, deps)
  started.add('agreement on cells', async () => agreement.close())
  events.onChange = () => agreement.changed(bus.digests)
  const { readCells } = cluster
  if (readCells !== undefined) reloads.push(() => reload(bus, readCells, deps))
  const health = () => healthOf(bus, agreement.disputes)
  addBusMetrics(metrics, { health, events: cellsLog.events })
  return {
    bus,
    health,
    tell: (node) => {
      events.node = node
    },
  }
}

/** Passes on what becomes of the cells to those who are there by then. */
class BusEvents implements CellsBusEvents {
  node: BusWatcher | undefined
  onChange: () => void = () => {}
  readonly #log: ProcessDeps['log']

  constructor({ log }: Pick<ProcessDeps, 'log'>) {
    this.#log = log
  }

  restored: CellsBusEvents['restored'] = (concerns) => this.node?.busRestored(concerns)

  lost: CellsBusEvents['lost'] = (concerns) => this.node?.busLost(concerns)

  changed(): void {
    this.#log.info({}, 'the map of cells is in force; listening where it says')
    this.onChange()
  }

  settled(): void {
    this.#log.info({}, 'the map of cells is settled')
  }
}

async function openCells(
  { options, parts, deps }: Assembly,
  { cells, readCells }: Cluster,
  name: string,
  { cellsLog, events }: { cellsLog: CellsLog; events: CellsBusEvents },
): Promise<SharedBus> {
  const { pendingAsksMax, pendingBytesMax, checksMax: hintsMax, askTimeoutMs: lingerMs } = options
  const limits = { pendingAsksMax, pendingBytesMax, unconfirmedBytesMax: pendingBytesMax, hintsMax }
  const openBus = await parts.loadSharedBus()
  return new CellsBus(
    { map: cells, isFixed: readCells === undefined, isEverywhere, lingerMs },
    {
      clock: deps.clock,
      events,
      open: (cell, own) =>
        openBus({ nats: { ...cell.config, name }, ...limits }, cellsLog.eventsOf(cell.name, own), deps),
    },
  )
}

/** Waits for the cells at the start. @throws StartError when none is there */
async function connected(
  bus: SharedBus,
  { cells, readCells }: Cluster,
  cellsLog: CellsLog,
  { clock, log }: ProcessDeps,
): Promise<void> {
  await within(clock, CONNECT_MS, Promise.race(bus.firstConnected), () => {
    const servers = cells.flatMap(({ config }) => config.servers).join(', ')
    const reasons = cells.map(
      ({ name }) => `${cells.length > 1 ? `${name}: ` : ''}${cellsLog.reasonOf(name)}`,
    )
    const source = readCells === undefined ? '--nats-url (PUSHGRID_NATS_URL)' : 'PUSHGRID_NATS_URL_FILE'
    throw new StartError(
      `no NATS server of ${servers} takes this process (${reasons.join('; ')}); check ${source}${adviceOn(cells)}`,
    )
  })
  await within(
    clock,
    OTHERS_MS,
    Promise.all(bus.firstConnected).then(() => {}),
    () => {
      for (const { name, isConnected } of bus.cells)
        if (!isConnected) log.warn({ cell: name }, 'starting without this cell of NATS; going on to connect')
    },
  )
}

function adviceOn(cells: NatsCells): string {
  const inFile = cells.some(({ config: { credentials } }) => ['creds', 'nkey'].includes(credentials.kind))
  return inFile ? ' and the file with the credentials' : ''
}

function agree(bus: SharedBus, { clock, random, log }: ProcessDeps): CellAgreement {
  const agreement = new CellAgreement(bus.digests, {
    clock,
    random,
    say: (statement) => void bus.tell(PROCESSES_ADDRESS, { kind: 'cells', statement }),
    differs: (isOlder) =>
      log.warn(
        {},
        isOlder
          ? 'a process has another map of cells, for longer: this one is not ready until they agree'
          : 'a newer process has another map of cells: it is not ready until they agree',
      ),
  })
  bus.listen(PROCESSES_ADDRESS, (request) => {
    if (request.kind === 'cells') agreement.heard(request.statement)
  })
  return agreement
}

function reload(bus: SharedBus, readCells: () => NatsCells, { log }: ProcessDeps): void {
  try {
    bus.change(readCells())
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    return log.error({}, `the map of cells stays as it is: ${error.message}`)
  }
  const cells = bus.cells.map(({ name, change }) => (change === 'none' ? name : `${name} (${change})`))
  log.info({ cells }, 'a map of cells was read; it comes in force when they are connected')
}

function healthOf(bus: SharedBus, disputes: number): BusHealth {
  const reason = reasonNotReady(bus, disputes)
  const cells = bus.cells.map(({ name, change, isConnected }): [string, CellHealth] => [
    name,
    { connected: isConnected, ...(change !== 'none' && { change }) },
  ])
  return {
    isReady: reason === undefined,
    ...(reason !== undefined && { reason }),
    cells: { settled: bus.isSettled, byName: Object.fromEntries(cells) },
  }
}

function reasonNotReady(bus: SharedBus, disputes: number): string | undefined {
  if (!bus.isConnected) return 'no server of NATS is connected'
  if (disputes === 0) return undefined
  return `${disputes} other processes have had another map of cells for longer`
}
