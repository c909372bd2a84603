import { parseUaid, type Uaid } from '../push/ids.ts'
import type { AgentReport, StoreInspector, StoreStats } from '../store/inspection.ts'
import { quote } from './option-kinds.ts'
import { StartError } from './start-error.ts'

/** Reads the UAID that a command is about. @throws StartError */
export function uaidOf(text: string | undefined): Uaid {
  const uaid = text === undefined ? undefined : parseUaid(text)
  if (uaid !== undefined) return uaid
  throw new StartError(
    `say which user agent: a UAID, 32 hexadecimal digits${text === undefined ? '' : `, not ${quote(text)}`} (in Firefox: about:config, dom.push.userAgentID)`,
  )
}

/** Says what is kept of a user agent; undefined when there is none. */
export async function showAgent(inspector: StoreInspector, uaid: Uaid): Promise<string | undefined> {
  const report = await inspector.inspectAgent(uaid)
  return report && agentText(report)
}

/** Drops a user agent with all it has, and says what that was; undefined when there is none. */
export async function dropAgent(inspector: StoreInspector, uaid: Uaid): Promise<string | undefined> {
  const report = await inspector.inspectAgent(uaid)
  if (report === undefined) return undefined
  await inspector.dropAgent(uaid)
  return `dropped, with ${report.channels.length} subscriptions and ${report.messages} messages\n`
}

/** What was said of a user agent. Outside of the work on the store, whose failures are told as such. @throws StartError when there is none */
export function ofExisting(said: string | undefined): string {
  if (said !== undefined) return said
  throw new StartError(
    'there is no such user agent in the store: it never had a subscription, has ended all, or was dropped',
  )
}

function agentText(report: AgentReport): string {
  const { lastConnectMs, minUrgency, channels, messages, bytes, oldestMs } = report
  return lines([
    ['last seen', `${timeText(lastConnectMs)}, give or take a day`],
    ['least urgency wanted', minUrgency],
    ['messages stored', messagesText({ messages, bytes, oldestMs })],
    ['subscriptions', `${channels.length}`],
    ...channels.map(({ channelId, isRestricted }): [string, string] => [
      '',
      `${channelId}${isRestricted ? ', restricted to a VAPID key' : ''}`,
    ]),
  ])
}

/** Says how much is in a store. */
export function statsText(stats: StoreStats): string {
  const { agents, channels, isEstimate } = stats
  return lines([
    ['user agents', `${agents}`],
    ['subscriptions', `${channels}`],
    ['messages stored', messagesText(stats)],
    ...(isEstimate
      ? [['', 'some of it is an estimate: only a sample was looked at'] as [string, string]]
      : []),
  ])
}

function messagesText({
  messages,
  bytes,
  oldestMs,
}: Pick<StoreStats, 'messages' | 'bytes' | 'oldestMs'>): string {
  const oldest = oldestMs === undefined ? '' : `, the oldest of ${timeText(oldestMs)}`
  return `${messages} (${bytes} bytes)${oldest}`
}

function lines(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}\n`).join('')
}

function timeText(ms: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: turns a given time into another form; no clock is read
  return new Date(ms).toISOString()
}
