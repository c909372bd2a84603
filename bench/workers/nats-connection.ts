import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'

/**
 * Connects to NATS by a URL such as `nats://user:password@host:4222`, `nats://token@host` or `tls://host`; the client
 * connects again by itself for ever. @throws Error of one line
 */
export async function connectNats(
  url: string,
  name: string,
  waitForServer: boolean,
): Promise<NatsConnection> {
  if (!/^(?:nats|tls):\/\//.test(url) || !URL.canParse(url))
    throw new Error(`--nats is "${url}", not a URL like nats://localhost:4222`)
  const { hostname, port, protocol, username, password } = new URL(url)
  const options: NodeConnectionOptions = {
    servers: `${hostname}:${port || '4222'}`,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    waitOnFirstConnect: waitForServer,
    pingInterval: 1000,
    maxPingOut: 3,
    ...credentials(decodeURIComponent(username), decodeURIComponent(password)),
    ...(protocol === 'tls:' && { tls: {} }),
  }
  try {
    return await connect(options)
  } catch (error) {
    throw new Error(`no NATS server at ${hostname}:${port || '4222'}: ${String(error)}`)
  }
}

function credentials(user: string, pass: string): NodeConnectionOptions {
  if (user === '') return {}
  return pass === '' ? { token: user } : { user, pass }
}
