import type { CellMap } from '../cluster/cells.ts'
import type { NatsCredentials, NatsOptions } from '../cluster/nats-options.ts'
import { readNamedFile } from './named-file.ts'
import { type NatsUrl, natsCells } from './nats-cells.ts'
import { type OptionName, type Options, variableOf } from './options.ts'
import { StartError } from './start-error.ts'

/** The cells of a NATS bus, with how each is reached. */
export type NatsCells = CellMap<Omit<NatsOptions, 'name'>>

/** Where the processes of a cluster meet. */
export interface Cluster {
  readonly cells: NatsCells
  /** Reads the cells again; absent where they can't change. @throws StartError */
  readonly readCells?: () => NatsCells
  /** May hold a password. */
  readonly mongodbUrl: string
}

type ClusterOptions = Pick<
  Options,
  'natsUrl' | 'natsUrlFile' | 'natsCredsFile' | 'natsNkeyFile' | 'natsCaFile' | 'mongodbUrl'
>

/** Options that mean nothing without NATS. */
const NATS_FILES = ['natsCredsFile', 'natsNkeyFile', 'natsCaFile'] as const

/** What a process meets others by. */
export type Setting =
  /** Nothing: it is alone, with a store of its own. */
  | { readonly kind: 'alone' }
  /** A database, from which one process at a time serves. */
  | { readonly kind: 'aloneOnMongodb'; readonly mongodbUrl: string }
  | { readonly kind: 'cluster'; readonly cluster: Cluster }

/** Reads what the options say of others. @throws StartError when they contradict each other */
export function settingOf(options: ClusterOptions): Setting {
  const { natsUrl, natsUrlFile, mongodbUrl } = options
  const source = natsUrlFile === undefined ? 'PUSHGRID_NATS_URL' : 'PUSHGRID_NATS_URL_FILE'
  const hasNats = natsUrl !== undefined || natsUrlFile !== undefined
  const stray = NATS_FILES.find((name) => !hasNats && options[name] !== undefined)
  if (stray !== undefined)
    throw new StartError(`${variableOf(stray)} is set: it needs PUSHGRID_NATS_URL, too`)
  if (natsUrl !== undefined && natsUrlFile !== undefined)
    throw new StartError('choose one of PUSHGRID_NATS_URL and PUSHGRID_NATS_URL_FILE')
  if (hasNats && mongodbUrl === undefined)
    throw new StartError(
      `${source} is set without PUSHGRID_MONGODB_URL: the processes of a cluster need one store in common`,
    )
  if (mongodbUrl === undefined) return { kind: 'alone' }
  if (natsUrl !== undefined)
    return { kind: 'cluster', cluster: { cells: withFiles(options, natsUrl), mongodbUrl } }
  if (natsUrlFile === undefined) return { kind: 'aloneOnMongodb', mongodbUrl }
  const readCells = () => withFiles(options, readMap(natsUrlFile))
  return { kind: 'cluster', cluster: { cells: readCells(), readCells, mongodbUrl } }
}

/** Reads the same for a role that is nothing without a cluster. @throws StartError when there is none */
export function requireCluster(role: 'node' | 'endpoint', options: ClusterOptions): Cluster {
  const setting = settingOf(options)
  switch (setting.kind) {
    case 'cluster':
      return setting.cluster
    case 'aloneOnMongodb':
      throw new StartError(
        `pushgrid ${role} needs PUSHGRID_NATS_URL beside PUSHGRID_MONGODB_URL; \`pushgrid serve\` runs everything in one process without it`,
      )
    case 'alone':
      throw new StartError(
        `pushgrid ${role} needs PUSHGRID_NATS_URL and PUSHGRID_MONGODB_URL; \`pushgrid serve\` runs everything in one process without them`,
      )
  }
}

function readMap(file: string): CellMap<NatsUrl> {
  const text = readNamedFile('natsUrlFile', file)
  const map = natsCells.parse(text)
  if (map === undefined)
    throw new StartError(
      `the file that PUSHGRID_NATS_URL_FILE names holds ${natsCells.describe(text)}: must be ${natsCells.expected}`,
    )
  return map
}

/** What files say counts for all cells. */
function withFiles(options: ClusterOptions, map: CellMap<NatsUrl>): NatsCells {
  const { natsCaFile } = options
  return map.map(({ name, change, config: { servers, tls, credentials } }) => {
    const isEncrypted = tls || natsCaFile !== undefined
    const config = {
      servers,
      credentials: credentialsOf(options, credentials),
      ...(isEncrypted && { tls: natsCaFile === undefined ? {} : { caFile: natsCaFile } }),
    }
    return { name, change, config }
  })
}

function credentialsOf(options: ClusterOptions, inUrl: NatsCredentials): NatsCredentials {
  const { natsUrlFile, natsCredsFile, natsNkeyFile } = options
  const ways: [string, NatsCredentials][] = []
  const name = (option: OptionName) => variableOf(option)
  const source = natsUrlFile === undefined ? 'natsUrl' : 'natsUrlFile'
  if (inUrl.kind !== 'none') ways.push([`credentials in ${name(source)}`, inUrl])
  if (natsCredsFile !== undefined)
    ways.push([name('natsCredsFile'), { kind: 'creds', credsFile: natsCredsFile }])
  if (natsNkeyFile !== undefined) ways.push([name('natsNkeyFile'), { kind: 'nkey', seedFile: natsNkeyFile }])
  if (ways.length > 1) throw new StartError(`choose one of ${ways.map(([way]) => way).join(' and ')}`)
  return ways[0]?.[1] ?? { kind: 'none' }
}
