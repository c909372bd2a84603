import { agentAddress } from '../push/agent-requests.ts'
import type { ChannelId, SessionId, Uaid } from '../push/ids.ts'
import type { AgentContext } from './agent-context.ts'

/**
 * Ends a channel in the store for a session, and tells all others of the user agent when that is done, however late and whether or not the
 * session is still there: who has read the channel before would go on taking messages for it. Where it failed, or took longer than the session
 * waits, that one is told, too. Rejects as the store does.
 */
export function endChannel(
  {
    store,
    clock,
    channelHints,
    putTimeoutMs,
  }: Pick<AgentContext, 'store' | 'clock' | 'channelHints' | 'putTimeoutMs'>,
  session: SessionId,
  uaid: Uaid,
  channelId: ChannelId,
): Promise<void> {
  const address = agentAddress(uaid)
  const lateAtMs = clock.monotonicMs() + putTimeoutMs
  const ended = store.unregister(uaid, channelId)
  ended.then(
    () => channelHints.tell(address, clock.monotonicMs() < lateAtMs ? session : undefined),
    () => channelHints.tell(address),
  )
  return ended
}
