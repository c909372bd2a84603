import { Cluster } from './cluster.ts'
import type { Exit } from './pushgrid-process.ts'
import type { System, SystemOptions } from './system.ts'

/** Starts the system as one node and one endpoint on a NATS server and a MongoDB server of their own. */
export async function startClusterSystem({ env }: SystemOptions): Promise<System> {
  const cluster = await Cluster.start({ nodes: 1, endpoints: 1, ...(env && { env }) })
  const [node, endpoint] = [cluster.node(0), cluster.endpoint(0)]
  const members = [node, endpoint]
  const kill = async (signal: NodeJS.Signals) =>
    worst(await Promise.all(members.map((one) => one.kill(signal))))
  return {
    wsUrl: node.url,
    httpUrl: endpoint.url,
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
      await cluster.stop()
      return exit
    },
  }
}

/** The exit of the first process that did not end well; else all ended alike. */
function worst(exits: readonly Exit[]): Exit {
  const [first = { code: null, signal: null }] = exits
  return exits.find(({ code }) => code !== 0) ?? first
}
