import { Cluster, type Member } from './cluster.ts'
import { PATIENT } from './patient.ts'
import type { Exit } from './pushgrid-process.ts'
import { schemesOf } from './schemes.ts'
import type { System, SystemOptions } from './system.ts'
import { TcpProxy } from './tcp-proxy.ts'

/**
 * Starts the system as two nodes and two endpoints on a NATS server and a MongoDB server of their own. Connections go to
 * them by turns, so that no test gets far without them finding each other.
 */
export async function startClusterSystem({ env }: SystemOptions): Promise<System> {
  const [wsProxy, httpProxy] = await Promise.all([TcpProxy.start(), TcpProxy.start()])
  const { ws, http } = schemesOf(env)
  const publicUrl = { PUSHGRID_PUBLIC_URL: `${http}://localhost:${httpProxy.port}` }
  const cluster = await Cluster.start({ nodes: 2, endpoints: 2, env: { ...publicUrl, ...PATIENT, ...env } })
  const { nodes, endpoints } = cluster
  const members = [...nodes, ...endpoints]
  wsProxy.forwardTo(nodes.map(addressOf))
  httpProxy.forwardTo(endpoints.map(addressOf))
  const kill = async (signal: NodeJS.Signals) =>
    worst(await Promise.all(members.map((one) => one.kill(signal))))
  return {
    wsUrl: `${ws}://${wsProxy.address}/`,
    httpUrl: `${http}://${httpProxy.address}`,
    wsUrls: nodes.map(({ url }) => url),
    httpUrls: endpoints.map(({ url }) => url),
    get exit() {
      const exits = members.map((one) => one.exit).filter((exit) => exit !== undefined)
      return exits.length < members.length ? undefined : worst(exits)
    },
    get output() {
      return members.map((one) => one.output).join('')
    },
    kill,
    async restart() {
      await kill('SIGTERM')
      await Promise.all(members.map((one) => one.restart()))
    },
    async stop() {
      const exit = await kill('SIGTERM')
      await Promise.all([cluster.stop(), wsProxy.stop(), httpProxy.stop()])
      return exit
    },
  }
}

function addressOf({ url }: Member): string {
  return new URL(url).host
}

/** The exit of the first process that did not end well; else all ended alike. */
function worst(exits: readonly Exit[]): Exit {
  const [first = { code: null, signal: null }] = exits
  return exits.find(({ code }) => code !== 0) ?? first
}
