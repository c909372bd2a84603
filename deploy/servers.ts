import { within } from '../cluster/within.ts'
import type { Monitoring } from '../push/operations.ts'
import type { Assembly, RoleOptions, ServerDeps, ServerOptions } from './assembly.ts'
import type { Listening } from './banner.ts'
import type { OpenBus } from './buses.ts'
import { openConsole } from './console/open-console.ts'
import { probePort } from './ports.ts'
import { startErrorOf } from './start-error.ts'
import { software } from './version.ts'

/** The parent waits a second for each of its workers, all at once. */
const GATHER_MS = 3000

/** What a server is put on top of. */
export interface Beneath extends Pick<ServerDeps, 'store' | 'tokens'> {
  readonly bus: OpenBus
}

/** Starts the websocket side. @returns its port @throws StartError */
export async function startNode(assembly: Assembly, publicUrl: string, beneath: Beneath): Promise<number> {
  const { options, parts, deps, started, metrics, worker, certificate } = assembly
  const { host, wsPort } = options
  const sharedPort = worker !== undefined
  if (wsPort !== 0 && !sharedPort) await probePort(host, wsPort, 'wsPort')
  const { bus, ...rest } = beneath
  const node = await parts
    .startNode(
      { ...options, port: wsPort, sharedPort, publicUrl, ...certificateOf(assembly) },
      {
        ...deps,
        ...rest,
        bus: bus.bus,
        busHealth: () => bus.health(),
        metrics,
        monitoring: monitoringOf(assembly),
        tracer: assembly.tracer,
      },
    )
    .catch((error) => {
      throw startErrorOf('the websocket side', error, '')
    })
  certificate?.add((next) => node.useCertificate(next))
  started.add('node', () => node.drain())
  bus.tell(node)
  return node.port
}

/**
 * Starts the endpoint side.
 * @param place with a port that was found free
 * @returns where it is reached
 * @throws StartError
 */
export async function startEndpoint(
  assembly: Assembly,
  place: Listening & { readonly httpPort: number },
  beneath: Beneath,
): Promise<Listening & { readonly httpPort: number }> {
  const { options, parts, deps, started, metrics, certificate } = assembly
  const { publicUrl, httpPort: port } = place
  const { bus, ...rest } = beneath
  const console = openConsole(assembly, place, bus.bus)
  const endpoint = await parts
    .startEndpoint(
      { ...options, port, publicUrl, ...certificateOf(assembly) },
      {
        ...deps,
        ...rest,
        bus: bus.bus,
        busHealth: () => bus.health(),
        metrics,
        monitoring: monitoringOf(assembly),
        tracer: assembly.tracer,
        console,
      },
    )
    .catch((error) => {
      throw startErrorOf('the endpoint side', error, '')
    })
  certificate?.add((next) => endpoint.useCertificate(next))
  started.add('endpoint', () => endpoint.close())
  return {
    ...place,
    httpPort: endpoint.port,
    ...(console !== undefined && { consoleUrl: `${publicUrl}/console/` }),
  }
}

/** Finds out at which port the endpoint side can listen; 0 takes a free one. The parent of workers has done so. @throws StartError */
export async function probeHttpPort({ options, worker }: Assembly): Promise<number> {
  return worker !== undefined ? options.httpPort : probePort(options.host, options.httpPort, 'httpPort')
}

/** Of several workers none knows which one is asked, so each answers for all. */
function monitoringOf({ metrics, worker, deps: { clock } }: Assembly): Monitoring {
  const late = () => {
    throw new Error('the parent of this worker does not answer')
  }
  return {
    software: software(),
    metrics: () =>
      worker === undefined ? metrics.content() : within(clock, GATHER_MS, worker.gatherMetrics(), late),
  }
}

function certificateOf({ certificate }: Assembly): Pick<ServerOptions, 'certificate'> {
  return certificate === undefined ? {} : { certificate: certificate.current }
}

/** The origin of endpoint URLs: as given, or at a port of this machine. */
export function publicUrlOf({ publicUrl, tlsCertFile }: RoleOptions, httpPort: number): string {
  return publicUrl ?? `${tlsCertFile === undefined ? 'http' : 'https'}://localhost:${httpPort}`
}
