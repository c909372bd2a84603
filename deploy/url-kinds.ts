import type { NatsCredentials } from '../cluster/nats-options.ts'
import type { Kind } from './option-kinds.ts'

/** What a NATS URL says: where the servers of one cluster are, and how to show who one is. */
export interface NatsUrl {
  /** `host:port` of each. */
  readonly servers: readonly string[]
  /** Whether the connection has to be encrypted. */
  readonly tls: boolean
  readonly credentials: Extract<NatsCredentials, { kind: 'none' | 'password' | 'token' }>
}

const NATS_PORT = '4222'
/** User, hosts and database; the driver reads the rest. An `@` that is not percent-encoded would cut a password in two. */
const MONGODB_URL = /^mongodb(?:\+srv)?:\/\/(?:[^@/\s]+@)?[^@/?\s]+(?:\/[^@?\s]*)?(?:\?[^@\s]*)?$/

/** URLs of the servers of one NATS cluster. Those that carry credentials all carry the same. */
export const natsUrl: Kind<NatsUrl> = {
  placeholder: 'URLS',
  expected:
    'nats:// or tls:// URLs of the servers of one cluster, separated by commas, like nats://user:password@host:4222',
  hint: 'nats://host:4222 or tls://host:4222, separated by commas',
  parse(text) {
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
  },
  describe: describeSecret,
}

/** URL of the MongoDB database. */
export const mongodbUrl: Kind<string> = {
  placeholder: 'URL',
  expected: 'a mongodb:// or mongodb+srv:// URL, like mongodb://user:password@host:27017/pushgrid',
  hint: 'mongodb://host:27017/name or mongodb+srv://host/name',
  parse: (text) => (MONGODB_URL.test(text) ? text : undefined),
  describe: describeSecret,
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

/** A URL may hold a password, also where it is so wrong that nobody can tell. */
function describeSecret(text: string): string {
  return `a text of ${text.length} characters (not shown)`
}
