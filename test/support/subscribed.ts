import type { Test } from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { AgentClient, type AgentClientOptions, type Notification, type ReadyAgent } from './agent-client.ts'
import { readUntil } from './becomes.ts'
import { type Sender, textOf } from './sender.ts'

/** A connected user agent with one subscription. */
export interface Subscribed extends ReadyAgent {
  readonly channelID: string
  readonly endpoint: string
}

/** Connects a new user agent and registers a channel. */
export async function subscribed(wsUrl: string, options?: AgentClientOptions): Promise<Subscribed> {
  const { client, uaid } = await AgentClient.hello(wsUrl, undefined, options)
  const { channelID, pushEndpoint } = await client.register()
  return { client, uaid, channelID, endpoint: pushEndpoint }
}

/** Connects through a proxy: one that takes all nodes for dead, as it may for a moment on a busy machine, is tried again, as browsers do. */
export async function byProxy<T>(connect: () => Promise<T>): Promise<T> {
  let refusal: unknown
  const attempt = () =>
    connect().catch((error: unknown) => {
      if (!/response: 50[23]$/.test(String(error))) throw error
      refusal = error
      return undefined
    })
  const connected = await readUntil(attempt, (one) => one !== undefined)
  if (connected === undefined) throw refusal
  return connected
}

/** Posts through a proxy, which does not repeat what may have reached an endpoint that died: so the sender does. @returns the last status */
export async function postedByProxy(sender: Sender, endpoint: string, text: string): Promise<number> {
  const { status } = await sender.post(endpoint, { text })
  return status === 502 || status === 503 ? postedByProxy(sender, endpoint, text) : status
}

/**
 * What is stored for a user agent that is offline: posts a last message, connects, and reads up to it, acknowledging all.
 * Messages come oldest first, so what has not come before the last one is not there.
 */
export async function readStored(
  wsUrl: string,
  { uaid, endpoint }: Pick<Subscribed, 'uaid' | 'endpoint'>,
  sender: Sender,
): Promise<{ client: AgentClient; stored: Notification[] }> {
  nextMillisecond()
  const { status } = await sender.post(endpoint, { text: LAST })
  if (status !== 201) throw new Error(`the last message was answered ${status}`)
  const { client } = await AgentClient.hello(wsUrl, uaid)
  const stored: Notification[] = []
  for (;;) {
    const notification = await client.next('notification')
    client.ack(notification)
    if (textOf(notification) === LAST) return { client, stored }
    stored.push(notification)
  }
}

/** What is acknowledged each time can't come this often. A service that gives up redelivery has to be told not to before. */
const READS_MAX = 5

/**
 * Asserts that nothing is stored for a user agent that is offline, or soon is not: what it acknowledged too late is deleted a little
 * after it was answered, and may come once more in between.
 */
export async function nothingStored(
  t: Test,
  wsUrl: string,
  agent: Pick<Subscribed, 'uaid' | 'endpoint'>,
  sender: Sender,
): Promise<void> {
  let texts: (string | undefined)[] | undefined
  for (let reads = 0; reads < READS_MAX && texts?.length !== 0; reads += 1) {
    const { client, stored } = await readStored(wsUrl, agent, sender)
    await client.close()
    texts = stored.map(textOf)
  }
  t.same(texts, [], 'nothing is stored')
}

const LAST = 'the last message'

/** Goes on in the next millisecond: the ids of messages accepted in the same one have no order. */
export function nextMillisecond(): void {
  const nowMs = systemClock.nowMs()
  while (systemClock.nowMs() === nowMs);
}
