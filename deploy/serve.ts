import type { EmbeddedStore } from '../store/lmdb-store.ts'
import type { Store } from '../store/store.ts'
import type { Assembly } from './assembly.ts'
import type { Listening } from './banner.ts'
import { openOwnBus } from './buses.ts'
import { type Setting, settingOf } from './cluster-options.ts'
import { takeCommands } from './commands.ts'
import { tellFigures } from './console/open-console.ts'
import { openDataFolder } from './data-folder.ts'
import { variableOf } from './options.ts'
import { probeHttpPort, publicUrlOf, startEndpoint, startNode } from './servers.ts'
import { openSharedBus } from './shared-bus.ts'
import { StartError } from './start-error.ts'
import {
  collectGarbage,
  openEmbeddedStore,
  openLeasedStore,
  openSharedStore,
  tellOfReceipts,
} from './stores.ts'
import { hasServiceKeys, openTokens } from './tokens.ts'

/**
 * Puts together a process that is all of the service: alone, with a bus of its own and a store that is embedded or
 * in MongoDB; or as one of several, where NATS and MongoDB are given.
 *
 * What is started last is stopped first: the endpoint, because what it has accepted may still need the node to acknowledge
 * it; then the node, whose user agents may still have to store what they have not acknowledged; the store last.
 * @throws StartError
 */
export async function startServe(assembly: Assembly): Promise<Listening> {
  const { options } = assembly
  const { dataDir, workers } = options
  if (workers > 1)
    throw new StartError(
      `${variableOf('workers')} is ${workers}: \`pushgrid serve\` is one process; for more run \`pushgrid node\` and \`pushgrid endpoint\` on NATS and MongoDB`,
    )
  const setting = settingOf(options)
  if (setting.kind === 'alone' || !hasServiceKeys(options)) await openDataFolder(dataDir)
  const { store, embedded } = await openStore(assembly, setting)
  const tokens = await openTokens(assembly, 'serve')
  await collectGarbage(assembly, store, setting.kind === 'cluster' ? setting.cluster.mongodbUrl : undefined)
  const bus =
    setting.kind === 'cluster'
      ? await openSharedBus(assembly, setting.cluster, 'pushgrid serve')
      : openOwnBus(assembly)
  tellOfReceipts(assembly, store, bus.bus)
  tellFigures(assembly, bus.bus)
  if (embedded !== undefined) await takeCommands(assembly, embedded, bus)
  const beneath = { store, tokens, bus }
  const httpPort = await probeHttpPort(assembly)
  const publicUrl = publicUrlOf(options, httpPort)
  const wsPort = await startNode(assembly, publicUrl, beneath)
  return startEndpoint(assembly, { wsPort, httpPort, publicUrl }, beneath)
}

/** Opens the store; `embedded` is the same one, where it is of this process alone. */
async function openStore(
  assembly: Assembly,
  setting: Setting,
): Promise<{ store: Store; embedded?: EmbeddedStore }> {
  switch (setting.kind) {
    case 'alone': {
      const embedded = await openEmbeddedStore(assembly)
      return { store: embedded, embedded }
    }
    case 'aloneOnMongodb':
      return { store: await openLeasedStore(assembly, setting.mongodbUrl) }
    case 'cluster':
      return { store: await openSharedStore(assembly, setting.cluster.mongodbUrl) }
  }
}
