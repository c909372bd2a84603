import type { Collection, MongoClient } from 'mongodb'
import { messageIdFromBytes, parseChannelId, type Uaid } from '../push/ids.ts'
import { NO_MIN_URGENCY, URGENCIES } from '../push/urgency.ts'
import {
  type AgentReport,
  acceptedAtMs,
  earliest,
  SAMPLE_MAX,
  type StoreInspector,
  type StoreStats,
} from './inspection.ts'
import { createMongoClient, databaseOf } from './mongodb-client.ts'
import { AGENTS, type AgentDocument, MESSAGES, type MessageDocument, uuid } from './mongodb-schema.ts'
import { storeDown } from './store-down.ts'

/** Commands of an operator may take their time. */
const TIMEOUT_MS = 10_000

/** Looks at a database beside those who serve from it. @throws PushError storeDown when it can't be reached */
export async function withMongoInspector<T>(
  url: string,
  work: (inspector: StoreInspector) => Promise<T>,
): Promise<T> {
  let client: MongoClient | undefined
  try {
    client = createMongoClient(url, TIMEOUT_MS)
    return await work(new MongoInspector(client, databaseOf(url)))
  } catch (error) {
    throw storeDown(error)
  } finally {
    await client?.close()
  }
}

class MongoInspector implements StoreInspector {
  readonly #agents: Collection<AgentDocument>
  readonly #messages: Collection<MessageDocument>

  constructor(client: MongoClient, database: string) {
    const db = client.db(database)
    this.#agents = db.collection(AGENTS)
    this.#messages = db.collection(MESSAGES)
  }

  async inspectAgent(uaid: Uaid): Promise<AgentReport | undefined> {
    const agent = await this.#agents.findOne({ _id: uuid(uaid) })
    if (agent === null) return undefined
    const messages = await this.#messages.find({ u: uuid(uaid) }, { limit: SAMPLE_MAX }).toArray()
    const min = agent.minUrgency === undefined ? undefined : URGENCIES[agent.minUrgency]
    return {
      lastConnectMs: agent.lastConnect.getTime(),
      minUrgency: min ?? NO_MIN_URGENCY,
      channels: Object.entries(agent.channels).flatMap(([key, digest]) => {
        const channelId = parseChannelId(key)
        return channelId === undefined ? [] : [{ channelId, isRestricted: digest !== '' }]
      }),
      messages: messages.length,
      bytes: bytesOf(messages),
      oldestMs: earliest(timesOf(messages)),
    }
  }

  /** Counts from what the database knows anyhow; the rest is told by the first documents it finds. */
  async stats(): Promise<StoreStats> {
    const [agents, messages] = await Promise.all([
      this.#agents.estimatedDocumentCount(),
      this.#messages.estimatedDocumentCount(),
    ])
    const [someAgents, someMessages] = await Promise.all([
      this.#agents.find({}, { projection: { channels: 1 }, limit: SAMPLE_MAX }).toArray(),
      this.#messages.find({}, { projection: { record: 1 }, limit: SAMPLE_MAX }).toArray(),
    ])
    const channels = someAgents.reduce((sum, agent) => sum + Object.keys(agent.channels).length, 0)
    return {
      agents,
      channels: scaled(channels, someAgents.length, agents),
      messages,
      bytes: scaled(bytesOf(someMessages), someMessages.length, messages),
      oldestMs: earliest(timesOf(someMessages)),
      isEstimate: agents > someAgents.length || messages > someMessages.length,
    }
  }

  async dropAgent(uaid: Uaid): Promise<void> {
    await this.#agents.deleteOne({ _id: uuid(uaid) })
    await this.#messages.deleteMany({ u: uuid(uaid) })
  }
}

type SomeMessages = readonly Pick<MessageDocument, '_id' | 'record'>[]

function bytesOf(messages: SomeMessages): number {
  return messages.reduce((sum, { record }) => sum + record.length(), 0)
}

function timesOf(messages: SomeMessages): number[] {
  return messages.map(({ _id }) => acceptedAtMs(messageIdFromBytes(_id.buffer)))
}

function scaled(sum: number, seen: number, all: number): number {
  return seen === 0 ? 0 : Math.round((sum / seen) * all)
}
