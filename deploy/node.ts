import type { Assembly } from './assembly.ts'
import type { Listening } from './banner.ts'
import { requireCluster } from './cluster-options.ts'
import { tellFigures } from './console/open-console.ts'
import { publicUrlOf, startNode } from './servers.ts'
import { openSharedBus } from './shared-bus.ts'
import { StartError } from './start-error.ts'
import { collectGarbage, openSharedStore, tellOfReceipts } from './stores.ts'
import { openTokens } from './tokens.ts'

/** Puts together a connection node of a cluster: user agents on one side, NATS and MongoDB on the other. @throws StartError */
export async function startNodeRole(assembly: Assembly): Promise<Listening> {
  const { options, worker } = assembly
  const cluster = requireCluster('node', options)
  const tokens = await openTokens(assembly, 'node')
  const { httpPort } = options
  const publicUrl = publicUrlOf(options, httpPort)
  if (options.publicUrl === undefined && httpPort === 0)
    throw new StartError(
      "pushgrid node needs PUSHGRID_PUBLIC_URL: with PUSHGRID_HTTP_PORT 0 nobody knows the endpoints' port",
    )
  const store = await openSharedStore(assembly, cluster.mongodbUrl)
  // One worker of a machine is enough.
  if (worker === undefined || worker.number === 1) await collectGarbage(assembly, store, cluster.mongodbUrl)
  const bus = await openSharedBus(assembly, cluster, 'pushgrid node')
  tellOfReceipts(assembly, store, bus.bus)
  tellFigures(assembly, bus.bus)
  return { wsPort: await startNode(assembly, publicUrl, { store, tokens, bus }), publicUrl }
}
