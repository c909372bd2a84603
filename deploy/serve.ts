import { Tokens } from '../push/tokens.ts'
import type { Assembly } from './assembly.ts'
import type { Listening } from './banner.ts'
import { openOwnBus } from './buses.ts'
import { clusterOf } from './cluster-options.ts'
import { keptServiceKeys, openDataFolder } from './data-folder.ts'
import { localUrl, probeHttpPort, startEndpoint, startNode } from './servers.ts'
import { openSharedBus } from './shared-bus.ts'
import { collectGarbage, openEmbeddedStore, openSharedStore } from './stores.ts'

/**
 * Puts together a process that is all of the service: alone, with an embedded store and a bus of its own; or as one of
 * several, where NATS and MongoDB are given.
 *
 * What is started last is stopped first: the endpoint, because what it has accepted may still need the node to acknowledge
 * it; then the node, whose user agents may still have to store what they have not acknowledged; the store last.
 * @throws StartError
 */
export async function startServe(assembly: Assembly): Promise<Listening> {
  const { options, deps } = assembly
  const { dataDir, serviceKeys } = options
  const cluster = clusterOf(options)
  if (cluster === undefined || serviceKeys === undefined) await openDataFolder(dataDir)
  const store = await (cluster === undefined
    ? openEmbeddedStore(assembly)
    : openSharedStore(assembly, cluster.mongodbUrl))
  const tokens = new Tokens(serviceKeys ?? (await keptServiceKeys(dataDir, deps.random)))
  collectGarbage(assembly, store)
  const bus =
    cluster === undefined ? openOwnBus(assembly) : await openSharedBus(assembly, cluster, 'pushgrid serve')
  const beneath = { store, tokens, bus }
  const httpPort = await probeHttpPort(assembly)
  const publicUrl = options.publicUrl ?? localUrl(httpPort)
  const wsPort = await startNode(assembly, publicUrl, beneath)
  return { wsPort, httpPort: await startEndpoint(assembly, httpPort, publicUrl, beneath), publicUrl }
}
