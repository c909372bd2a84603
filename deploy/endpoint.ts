import type { Assembly } from './assembly.ts'
import type { Listening } from './banner.ts'
import { requireCluster } from './cluster-options.ts'
import { tellFigures } from './console/open-console.ts'
import { probeHttpPort, publicUrlOf, startEndpoint } from './servers.ts'
import { openSharedBus } from './shared-bus.ts'
import { openSharedStore, tellOfReceipts } from './stores.ts'
import { openTokens } from './tokens.ts'

/** Puts together an endpoint of a cluster: application servers on one side, NATS and MongoDB on the other. @throws StartError */
export async function startEndpointRole(assembly: Assembly): Promise<Listening> {
  const { options } = assembly
  const cluster = requireCluster('endpoint', options)
  const tokens = await openTokens(assembly, 'endpoint')
  const store = await openSharedStore(assembly, cluster.mongodbUrl)
  const bus = await openSharedBus(assembly, cluster, 'pushgrid endpoint')
  tellOfReceipts(assembly, store, bus.bus)
  tellFigures(assembly, bus.bus)
  const httpPort = await probeHttpPort(assembly)
  const publicUrl = publicUrlOf(options, httpPort)
  return startEndpoint(assembly, { httpPort, publicUrl }, { store, tokens, bus })
}
