import { agentAddress } from '../push/agent-requests.ts'
import { newSessionId } from '../push/ids.ts'
import type { EmbeddedStore } from '../store/lmdb-store.ts'
import type { Assembly } from './assembly.ts'
import type { OpenBus } from './buses.ts'

/**
 * Takes an operator's commands on the embedded store from now on. A user agent that is dropped while it is connected has its session ended, as if
 * a newer one had come; it is issued a new UAID when it connects again, and then registers anew.
 */
export async function takeCommands(
  { options, parts, deps, started }: Assembly,
  store: EmbeddedStore,
  { bus }: OpenBus,
): Promise<void> {
  const inspector = {
    inspectAgent: store.inspectAgent,
    stats: store.stats,
    async dropAgent(...[uaid]: Parameters<EmbeddedStore['dropAgent']>) {
      await store.dropAgent(uaid)
      bus.tell(agentAddress(uaid), { kind: 'displace', sessionId: newSessionId(deps.random), ageMs: 0 })
      deps.log.info({}, 'a user agent was dropped by an operator')
    },
  }
  try {
    const port = await parts.serveAdmin(options.dataDir, inspector, deps.random)
    started.add('commands', () => port.close())
  } catch (err) {
    deps.log.warn({ err }, 'commands that look into the store will not work while this process runs')
  }
}
