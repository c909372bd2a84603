import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePorts } from '../../bench/lab/free-ports.ts'
import { Member } from './cluster.ts'
import { LocalMongoServer } from './mongodb-server.ts'
import { type NatsServer, startNatsServer } from './nats-server.ts'
import { PATIENT } from './patient.ts'

/** The cells that there are servers for. */
export type CellName = 'east' | 'west' | 'north'

const CELL_NAMES: readonly CellName[] = ['east', 'west', 'north']

/** Processes of one role, with the file from which they read their map of cells. */
interface Group {
  readonly file: string
  readonly members: readonly [Member, Member]
}

/** Two nodes and two endpoints of Pushgrid on a nats-server for each cell and a MongoDB server, all on loopback. */
export class CellsCluster {
  readonly servers: Readonly<Record<CellName, NatsServer>>
  readonly mongodb: LocalMongoServer
  readonly nodes: Group
  readonly endpoints: Group
  readonly #folder: string

  private constructor(
    servers: Readonly<Record<CellName, NatsServer>>,
    mongodb: LocalMongoServer,
    folder: string,
    [nodePorts, endpointPorts]: readonly [readonly number[], readonly number[]],
    env: Readonly<Record<string, string>>,
  ) {
    const shared = {
      PUSHGRID_MONGODB_URL: mongodb.freshUrl(),
      PUSHGRID_SERVICE_KEYS: randomBytes(32).toString('hex'),
      PUSHGRID_PUBLIC_URL: `http://localhost:${endpointPorts[0]}`,
      // Nobody waits for waves of connections.
      PUSHGRID_DRAIN_MS: '0',
      ...PATIENT,
      ...env,
    }
    const group = (role: 'node' | 'endpoint', [one = 0, other = 0]: readonly number[]): Group => {
      const file = path.join(folder, role)
      const member = (port: number) => new Member(role, port, { ...shared, PUSHGRID_NATS_URL_FILE: file })
      return { file, members: [member(one), member(other)] }
    }
    this.servers = servers
    this.mongodb = mongodb
    this.nodes = group('node', nodePorts)
    this.endpoints = group('endpoint', endpointPorts)
    this.#folder = folder
  }

  /** Starts everything, with this map; resolves once all listen. */
  static async start(map: string, env: Readonly<Record<string, string>>): Promise<CellsCluster> {
    const [[east, west, north], mongodb, folder, ports] = await Promise.all([
      Promise.all([startNatsServer(), startNatsServer(), startNatsServer()]),
      LocalMongoServer.start(),
      mkdtemp(path.join(tmpdir(), 'pushgrid-cells-')),
      freePorts(4),
    ])
    const cluster = new CellsCluster(
      { east, west, north },
      mongodb,
      folder,
      [ports.slice(0, 2), ports.slice(2)],
      env,
    )
    await cluster.write(cluster.nodes, map)
    await cluster.write(cluster.endpoints, map)
    await Promise.all(cluster.members.map((member) => member.restart()))
    return cluster
  }

  get members(): readonly Member[] {
    return [...this.nodes.members, ...this.endpoints.members]
  }

  /** Writes a map such as `east +north` into the file of a group; other text is written as it is. */
  async write({ file }: Group, map: string): Promise<void> {
    const entries = map.split(' ').map((word) => {
      const name = CELL_NAMES.find((each) => word === each || word.slice(1) === each)
      return name === undefined ? word : `${word}=nats://${this.servers[name].address}`
    })
    await writeFile(file, entries.join('\n'))
  }

  /** The same, and lets the members of the group read it. */
  async give(group: Group, map: string): Promise<void> {
    await this.write(group, map)
    for (const member of group.members) member.hangUp()
  }

  /** Ends everything that runs, and removes all data. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill('SIGTERM')))
    const servers = Object.values(this.servers).map((server) => server.stop())
    await Promise.all([...servers, this.mongodb.stop(), rm(this.#folder, { recursive: true })])
  }
}
