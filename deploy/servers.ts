import type { Assembly, ServerDeps } from './assembly.ts'
import type { OpenBus } from './buses.ts'
import { probePort } from './ports.ts'
import { startErrorOf } from './start-error.ts'

/** What a server is put on top of. */
export interface Beneath extends Pick<ServerDeps, 'store' | 'tokens'> {
  readonly bus: OpenBus
}

/** Starts the websocket side. @returns its port @throws StartError */
export async function startNode(assembly: Assembly, publicUrl: string, beneath: Beneath): Promise<number> {
  const { options, parts, deps, started, worker } = assembly
  const { host, wsPort } = options
  const sharedPort = worker !== undefined
  if (wsPort !== 0 && !sharedPort) await probePort(host, wsPort, 'wsPort')
  const { bus, ...rest } = beneath
  const node = await parts
    .startNode(
      { ...options, port: wsPort, sharedPort, publicUrl },
      { ...deps, ...rest, bus: bus.bus, busHealth: () => bus.health() },
    )
    .catch((error) => {
      throw startErrorOf('the websocket side', error, '')
    })
  started.add('node', () => node.drain())
  bus.tell(node)
  return node.port
}

/**
 * Starts the endpoint side.
 * @param port one that was found free
 * @returns its port
 * @throws StartError
 */
export async function startEndpoint(
  assembly: Assembly,
  port: number,
  publicUrl: string,
  beneath: Beneath,
): Promise<number> {
  const { options, parts, deps, started } = assembly
  const { bus, ...rest } = beneath
  const endpoint = await parts
    .startEndpoint(
      { ...options, port, publicUrl },
      { ...deps, ...rest, bus: bus.bus, busHealth: () => bus.health() },
    )
    .catch((error) => {
      throw startErrorOf('the endpoint side', error, '')
    })
  started.add('endpoint', () => endpoint.close())
  return endpoint.port
}

/** Finds out at which port the endpoint side can listen; 0 takes a free one. The parent of workers has done so. @throws StartError */
export async function probeHttpPort({ options, worker }: Assembly): Promise<number> {
  return worker !== undefined ? options.httpPort : probePort(options.host, options.httpPort, 'httpPort')
}

/** The origin of endpoint URLs where no other is given. */
export function localUrl(httpPort: number): string {
  return `http://localhost:${httpPort}`
}
