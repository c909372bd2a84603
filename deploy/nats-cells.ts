import { type Cell, type CellMap, newCells, oldCells } from '../cluster/cells.ts'
import type { NatsCredentials } from '../cluster/nats-options.ts'
import { describeSecret, type Kind } from './option-kinds.ts'

/** What a NATS URL says: where the servers of one cluster are, and how to show who one is. */
export interface NatsUrl {
  /** `host:port` of each. */
  readonly servers: readonly string[]
  /** Whether the connection has to be encrypted. */
  readonly tls: boolean
  readonly credentials: Extract<NatsCredentials, { kind: 'none' | 'password' | 'token' }>
}

/** The name of a cluster that is given without one. */
const ONLY_CELL = 'main'
const NATS_PORT = '4222'
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/
/** A name ends at the first `=`, unless a URL has begun before: a password may hold one. */
const ENTRY = /^(?<mark>[+-]?)(?<name>[^=:/@,]*)=(?<urls>.*)$/
const CHANGES: Readonly<Record<string, Cell<unknown>['change']>> = { '+': 'adding', '-': 'removing' }

/**
 * URLs of the servers of one NATS cluster, or of several, the cells: `east=nats://a,nats://b;west=nats://c`. Entries end at a
 * semicolon or with their line. While the map changes `+` marks a cell that is added, and `-` one that is removed.
 */
export const natsCells: Kind<CellMap<NatsUrl>> = {
  placeholder: 'URLS',
  expected:
    'nats:// or tls:// URLs of the servers of one cluster, separated by commas, like nats://user:password@host:4222; or of several clusters, as name=URLS;name=URLS',
  hint: 'nats://host:4222 or tls://host:4222, separated by commas; name=URLS;name=URLS for several clusters',
  parse(text) {
    const map = readMap(text)
    return typeof map === 'string' ? undefined : map
  },
  describe(text) {
    const map = readMap(text)
    return typeof map === 'string' ? `${describeSecret(text)}; ${map}` : describeSecret(text)
  },
}

/** The map, or what is wrong with it, without anything that may be secret. */
function readMap(text: string): CellMap<NatsUrl> | string {
  const entries = text
    .split(/[;\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const cells = entries.map((entry, index) => readCell(entry, index, entries.length))
  const map: Cell<NatsUrl>[] = []
  for (const cell of cells) {
    if (typeof cell === 'string') return cell
    if (map.some(({ name }) => name === cell.name)) return `two cells have the name ${cell.name}`
    map.push(cell)
  }
  if (map.length === 0) return 'it names no server'
  if (oldCells(map).length === 0) return 'all cells have a +: those there were before are missing'
  if (newCells(map).length === 0) return 'all cells have a -: none would be left'
  return map
}

function readCell(entry: string, index: number, count: number): Cell<NatsUrl> | string {
  const { mark = '', name = ONLY_CELL, urls = entry } = ENTRY.exec(entry)?.groups ?? {}
  if (urls === entry && count > 1) return `cell ${index + 1} has no name`
  if (!NAME.test(name))
    return `cell ${index + 1} has no right name, which is 1 to 32 lower-case letters, digits and dashes`
  const config = readUrls(urls)
  if (config === undefined) return count === 1 ? 'its URLs are wrong' : `the URLs of cell ${name} are wrong`
  return { name, change: CHANGES[mark] ?? 'none', config }
}

/** Those that carry credentials all carry the same. */
function readUrls(text: string): NatsUrl | undefined {
  const urls = text.split(',').map((each) => parseServer(each.trim()))
  const [first] = urls
  if (first === undefined || urls.includes(undefined)) return undefined
  const right = urls.filter((url) => url !== undefined)
  const credentials = right.map((url) => url.credentials).filter(({ kind }) => kind !== 'none')
  if (right.some(({ tls }) => tls !== first.tls) || new Set(credentials.map(inWords)).size > 1)
    return undefined
  return {
    servers: right.map(({ server }) => server),
    tls: first.tls,
    credentials: credentials[0] ?? { kind: 'none' },
  }
}

interface NatsServerUrl {
  readonly server: string
  readonly tls: boolean
  readonly credentials: NatsUrl['credentials']
}

function parseServer(text: string): NatsServerUrl | undefined {
  if (!/^(?:nats|tls):\/\/[^/]/.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const credentials = credentialsOf(url)
  const bare = (url.pathname === '' || url.pathname === '/') && url.search === '' && url.hash === ''
  if (!bare || url.hostname === '' || credentials === undefined) return undefined
  return { server: `${url.hostname}:${url.port || NATS_PORT}`, tls: url.protocol === 'tls:', credentials }
}

/** Undefined when they can't be decoded. */
function credentialsOf({ username, password }: URL): NatsUrl['credentials'] | undefined {
  try {
    const [first, second] = [decodeURIComponent(username), decodeURIComponent(password)]
    if (second !== '') return { kind: 'password', user: first, password: second }
    return first === '' ? { kind: 'none' } : { kind: 'token', token: first }
  } catch {
    return undefined
  }
}

function inWords(credentials: NatsUrl['credentials']): string {
  return JSON.stringify(credentials)
}
