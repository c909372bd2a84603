import type { NatsCredentials, NatsOptions } from '../cluster/nats-options.ts'
import { type OptionName, type Options, variableOf } from './options.ts'
import { StartError } from './start-error.ts'

/** Where the processes of a cluster meet. */
export interface Cluster {
  readonly nats: Omit<NatsOptions, 'name'>
  /** May hold a password. */
  readonly mongodbUrl: string
}

type ClusterOptions = Pick<
  Options,
  'natsUrl' | 'natsCredsFile' | 'natsNkeyFile' | 'natsCaFile' | 'mongodbUrl'
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
  const { natsUrl, natsCaFile, mongodbUrl } = options
  const stray = NATS_FILES.find((name) => natsUrl === undefined && options[name] !== undefined)
  if (stray !== undefined)
    throw new StartError(`${variableOf(stray)} is set: it needs PUSHGRID_NATS_URL, too`)
  if (natsUrl === undefined)
    return mongodbUrl === undefined ? { kind: 'alone' } : { kind: 'aloneOnMongodb', mongodbUrl }
  if (mongodbUrl === undefined)
    throw new StartError(
      'PUSHGRID_NATS_URL is set without PUSHGRID_MONGODB_URL: the processes of a cluster need one store in common',
    )
  const tls = natsUrl.tls || natsCaFile !== undefined
  const nats = {
    servers: natsUrl.servers,
    credentials: credentialsOf(options, natsUrl.credentials),
    ...(tls && { tls: natsCaFile === undefined ? {} : { caFile: natsCaFile } }),
  }
  return { kind: 'cluster', cluster: { nats, mongodbUrl } }
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

/** The service keys of a role that never makes them: all processes must have the same. @throws StartError */
export function requireServiceKeys(
  role: 'node' | 'endpoint',
  { serviceKeys }: Pick<Options, 'serviceKeys'>,
): readonly Uint8Array[] {
  if (serviceKeys === undefined)
    throw new StartError(
      `pushgrid ${role} needs PUSHGRID_SERVICE_KEYS, the same for all processes; \`pushgrid keys new\` makes one`,
    )
  return serviceKeys
}

function credentialsOf(options: ClusterOptions, inUrl: NatsCredentials): NatsCredentials {
  const { natsCredsFile, natsNkeyFile } = options
  const ways: [string, NatsCredentials][] = []
  const name = (option: OptionName) => variableOf(option)
  if (inUrl.kind !== 'none') ways.push([`credentials in ${name('natsUrl')}`, inUrl])
  if (natsCredsFile !== undefined)
    ways.push([name('natsCredsFile'), { kind: 'creds', credsFile: natsCredsFile }])
  if (natsNkeyFile !== undefined) ways.push([name('natsNkeyFile'), { kind: 'nkey', seedFile: natsNkeyFile }])
  if (ways.length > 1) throw new StartError(`choose one of ${ways.map(([way]) => way).join(' and ')}`)
  return ways[0]?.[1] ?? { kind: 'none' }
}
