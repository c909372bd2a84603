import type { Bus, Listening } from '../cluster/bus.ts'
import { type AgentReply, type AgentRequest, NODES_ADDRESS } from '../push/agent-requests.ts'

/** Who is told what is told to all nodes. */
export interface NodeListeners {
  /** Hints for any user agent may have been lost. */
  readonly agents: { recheckSoon(): void }
  /** Broadcasts may have changed. */
  readonly broadcasts: { read(): Promise<void> }
  /** The Megaphone server that is followed was asked just now. */
  readonly polled: () => void
}

/**
 * Listens to what is told to all nodes. Broadcasts that were changed before others knew of this node are not missed: they are
 * read once more as soon as others do.
 */
export function listenAsNode(
  bus: Pick<Bus<AgentRequest, AgentReply>, 'listen'>,
  { agents, broadcasts, polled }: NodeListeners,
): Listening {
  const listening = bus.listen(NODES_ADDRESS, (request) => {
    if (request.kind === 'check') agents.recheckSoon()
    if (request.kind !== 'broadcasts') return
    if (request.hint === 'changed') void broadcasts.read()
    else polled()
  })
  const read = () => void broadcasts.read()
  listening.flush().then(read, read)
  return listening
}
