import type { Uaid } from '../push/ids.ts'
import { type AgentReport, acceptedAtMs, earliest, SAMPLE_MAX, type StoreStats } from './inspection.ts'
import type { LmdbAgents } from './lmdb-agents.ts'
import type { LmdbMessages } from './lmdb-messages.ts'

const FIRST_KEY = Buffer.alloc(1)

/** Looks at a user agent; its messages are as many as the cap allows, about. */
export function inspectLmdbAgent(
  agents: LmdbAgents,
  messages: LmdbMessages,
  uaid: Uaid,
): AgentReport | undefined {
  const record = agents.read(uaid)
  if (record === undefined) return undefined
  const entries = messages.list(uaid)
  return {
    lastConnectMs: record.lastConnectMs,
    minUrgency: record.agent.minUrgency,
    channels: Array.from(record.agent.channels, ([channelId, digest]) => ({
      channelId,
      isRestricted: digest !== '',
    })),
    messages: entries.length,
    bytes: entries.reduce((sum, { value }) => sum + value.length, 0),
    oldestMs: earliest(entries.map(({ id }) => acceptedAtMs(id))),
  }
}

/**
 * Counts what is in the store. LMDB knows how many records there are and how many pages they take; which of the records are user agents, and
 * which message is the oldest, is told by the first ones, which are a fair sample because UAIDs are random.
 */
export function lmdbStats(agents: LmdbAgents, messages: LmdbMessages): StoreStats {
  const [agentTable, messageTable] = [agents.size, messages.size]
  const sample = agents.scan(FIRST_KEY, SAMPLE_MAX)
  const agentsSeen = sample.filter(({ lastConnectMs }) => lastConnectMs !== undefined).length
  const part = sample.length === 0 ? 0 : agentsSeen / sample.length
  const agentCount = Math.round(part * agentTable.records)
  const ids = messages.scan(FIRST_KEY, SAMPLE_MAX).map(({ id }) => acceptedAtMs(id))
  return {
    agents: agentCount,
    channels: agentTable.records - agentCount,
    messages: messageTable.records,
    bytes: messageTable.bytes,
    oldestMs: earliest(ids),
    isEstimate: agentTable.records > SAMPLE_MAX || messageTable.records > SAMPLE_MAX,
  }
}
