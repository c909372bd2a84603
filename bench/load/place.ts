import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'

/** Where connections go: resolved once, for a lookup by each connection would be measured instead of the server. Plain data. */
export interface Place {
  readonly isSecure: boolean
  /** As the Host header has it, with the port where it is not the usual one. */
  readonly hostname: string
  /** For TLS (SNI); an IP address has none (RFC 6066 section 3). */
  readonly servername: string
  /** An IP address that answers. */
  readonly address: string
  readonly port: number
  readonly path: string
  /** Whether its certificate is verified. */
  readonly verify: boolean
}

const SECURE = new Set(['wss:', 'https:'])
const CONNECT_TIMEOUT_MS = 10_000

/** Looks up where a URL leads, and takes the first address that accepts a connection. @throws what the network says, with a `code` */
export async function placeOf(url: URL, verify: boolean): Promise<Place> {
  const isSecure = SECURE.has(url.protocol)
  const port = Number(url.port) || (isSecure ? 443 : 80)
  const name = url.hostname.replace(/^\[|\]$/g, '')
  return {
    isSecure,
    hostname: url.host,
    servername: isIP(name) === 0 ? name : '',
    address: await reachable(name, port),
    port,
    path: `${url.pathname}${url.search}`,
    verify,
  }
}

async function reachable(name: string, port: number): Promise<string> {
  const addresses = isIP(name) === 0 ? await lookup(name, { all: true }) : [{ address: name }]
  let failure: unknown
  for (const { address } of addresses) {
    try {
      await tryConnect(address, port)
      return address
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function tryConnect(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => {
      socket.destroy()
      reject(Object.assign(new Error(`no answer within ${CONNECT_TIMEOUT_MS} ms`), { code: 'ETIMEDOUT' }))
    })
    socket.once('error', reject)
  })
}
