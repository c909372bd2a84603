import { readFile } from 'node:fs/promises'
import { Tokens } from '../push/tokens.ts'
import type { Assembly } from './assembly.ts'
import { keptServiceKeys, readKeptServiceKeys } from './data-folder.ts'
import { type Options, variableOf } from './options.ts'
import type { Role } from './role.ts'
import {
  describeServiceKeys,
  formatServiceKey,
  parseServiceKeys,
  SERVICE_KEYS_EXPECTED,
} from './service-keys.ts'
import { codeOf, StartError } from './start-error.ts'

type Keys = readonly Uint8Array[]

/** Where the service keys of a process come from. */
interface KeySource {
  readonly keys: Keys
  /** Reads them again; absent where they can't change. @throws StartError */
  readonly read?: () => Promise<Keys>
}

/**
 * Makes the tokens of a process under its service keys, and changes the keys when the process is told to read again what may change.
 * Endpoints made with a key that is still there live on, whichever is first by then.
 * @throws StartError
 */
export async function openTokens(assembly: Assembly, role: Role): Promise<Tokens> {
  const { deps, reloads } = assembly
  const { keys, read } = await sourceOf(assembly, role)
  const tokens = new Tokens(keys)
  let current = keys
  if (read !== undefined)
    reloads.push(async () => {
      try {
        const next = await read()
        tokens.useKeys(next)
        report(current, next, deps.log)
        current = next
      } catch (error) {
        if (!(error instanceof StartError)) throw error
        deps.log.error({ reason: error.message }, 'the service keys stay as they are')
      }
    })
  return tokens
}

/** Whether service keys are given, so that the data folder need not keep any. */
export function hasServiceKeys(options: Pick<Options, 'serviceKeys' | 'serviceKeysFile'>): boolean {
  return options.serviceKeys !== undefined || options.serviceKeysFile !== undefined
}

async function sourceOf({ options, deps }: Assembly, role: Role): Promise<KeySource> {
  const { serviceKeys, serviceKeysFile, dataDir } = options
  if (serviceKeys !== undefined && serviceKeysFile !== undefined)
    throw new StartError(`choose one of ${variableOf('serviceKeys')} and ${variableOf('serviceKeysFile')}`)
  if (serviceKeys !== undefined) return { keys: serviceKeys }
  if (serviceKeysFile !== undefined) {
    const read = () => readKeys(serviceKeysFile)
    return { keys: await read(), read }
  }
  if (role !== 'serve')
    throw new StartError(
      `pushgrid ${role} needs PUSHGRID_SERVICE_KEYS or PUSHGRID_SERVICE_KEYS_FILE, the same for all processes; \`pushgrid keys new\` makes one`,
    )
  const keys = await keptServiceKeys(dataDir, deps.random)
  return { keys, read: () => readKeptServiceKeys(dataDir) }
}

async function readKeys(file: string): Promise<Keys> {
  const name = variableOf('serviceKeysFile')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StartError(
      `the file that ${name} names can't be read (${codeOf(error) ?? error}): ${file}`,
      error,
    )
  })
  const texts = text.split(/[\s,]+/).filter((one) => one !== '')
  const keys = parseServiceKeys(texts)
  if (keys === undefined)
    throw new StartError(
      `the file that ${name} names holds ${describeServiceKeys(texts)}: must be ${SERVICE_KEYS_EXPECTED}`,
    )
  return keys
}

/** Says what has changed, in numbers only: every key is secret. */
function report(before: Keys, after: Keys, log: Assembly['deps']['log']): void {
  const now = after.map(formatServiceKey)
  const fields = {
    keys: after.length,
    removed: before.map(formatServiceKey).filter((key) => !now.includes(key)).length,
    sealsWithAnother: formatServiceKey(before[0] ?? new Uint8Array()) !== now[0],
  }
  if (fields.removed > 0)
    log.warn(fields, 'service keys were read; endpoints made with a removed one have ended')
  else log.info(fields, 'service keys were read')
}
