import { freePorts } from './free-ports.ts'
import { type MeasuredProcess, startProcess } from './measured-process.ts'

/** One server of a cluster. */
export interface ClusterServer {
  /** `host:port` */
  readonly address: string
  readonly process: MeasuredProcess
}

const SERVERS = 3

/** Starts three nats-servers with routes to each other. The program is taken from the variable that the tests use, else from PATH. */
export async function startNatsCluster(): Promise<readonly ClusterServer[]> {
  const program = process.env['PUSHGRID_TEST_NATS_SERVER'] || 'nats-server'
  const ports = (await freePorts(SERVERS * 2)).map(String)
  const routes = ports.slice(SERVERS).map((port) => `nats://127.0.0.1:${port}`)
  return Promise.all(
    ports.slice(0, SERVERS).map(async (port, index) => {
      const own = ['--addr', '127.0.0.1', '--port', port, '--cluster_name', 'bench']
      const routing = ['--cluster', routes[index] ?? '', '--routes', routes.join(',')]
      const server = await startProcess({
        name: `nats-server ${index + 1}`,
        program,
        args: [...own, ...routing],
        readyText: 'Server is ready',
      })
      return { address: `127.0.0.1:${port}`, process: server }
    }),
  )
}
