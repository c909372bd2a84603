import { readFileSync } from 'node:fs'
import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node'

/** How a NATS cluster is reached. */
export interface NatsOptions {
  /**
   * `host:port` of its servers, at least one; without TLS the others of the cluster are learnt from it. With TLS hosts need names:
   * the client verifies an address as if it were localhost.
   */
  readonly servers: readonly string[]
  /** What the servers' monitoring calls this connection. */
  readonly name: string
  readonly credentials: NatsCredentials
  /** Absent: TLS only where a server demands it, verified by the well-known authorities. */
  readonly tls?: NatsTls
}

/**
 * How a process shows who it is. Files are read at each attempt to connect, so that rotated credentials
 * need no restart.
 */
export type NatsCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  /** A file that holds the seed of an nkey. */
  | { readonly kind: 'nkey'; readonly seedFile: string }
  /** A credentials file as `nsc` makes it: a JWT with its seed. */
  | { readonly kind: 'creds'; readonly credsFile: string }

/** TLS towards the servers: files in PEM, read at each attempt to connect. */
export interface NatsTls {
  /** Authorities to trust instead of the well-known ones. */
  readonly caFile?: string
  /** Certificate and key of this client, where the servers want one. */
  readonly certFile?: string
  readonly keyFile?: string
}

/**
 * Options of the client for one connection. With its defaults it would notice a hung server after 4 minutes;
 * with these after 3 s.
 */
export function clientOptions(options: NatsOptions): NodeConnectionOptions {
  return {
    name: options.name,
    // Reconnecting is the link's business: see there.
    reconnect: false,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    reconnectJitterTLS: 250,
    pingInterval: 1000,
    maxPingOut: 2,
    timeout: 2000,
    ...credentialOptions(options.credentials),
    ...(options.tls && { tls: options.tls }),
  }
}

function credentialOptions(credentials: NatsCredentials): NodeConnectionOptions {
  switch (credentials.kind) {
    case 'none':
      return {}
    case 'password':
      return { user: credentials.user, pass: credentials.password }
    case 'token':
      return { token: credentials.token }
    case 'nkey':
      return { authenticator: nkeyFileAuthenticator(credentials.seedFile) }
    case 'creds':
      return { authenticator: credsAuthenticator(() => readFileSync(credentials.credsFile)) }
  }
}

/** Files end with a newline, which the client would take for a part of the seed. */
function nkeyFileAuthenticator(file: string): Authenticator {
  return nkeyAuthenticator(() => Buffer.from(readFileSync(file, 'latin1').trim()))
}
