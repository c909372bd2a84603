import type { MessageId } from '../../push/ids.ts'
import type { Browser } from './browser.ts'
import type { World } from './world.ts'

/** Something short that happens to a connected user agent with one subscription. */
export interface Story {
  readonly name: string
  play(world: World, browser: Browser): Promise<void>
}

/** Long enough for everything that a story sets going, with a process in its way. */
const STORY_MS = 6000
/** Until a listener is known at all: both hints of a message are over by then. */
const UNHEARD_MS = [1600, 1600] as const
/** Until the processes at other servers of the bus know of a listener. */
const LATE_MS = [400, 400] as const

/** The lives of messages and sessions, to be interrupted anywhere. */
export const STORIES: readonly Story[] = [
  {
    name: 'a message is posted, sent and acknowledged',
    async play(world) {
      post(world)
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a message is acknowledged after the grace, while its put runs',
    async play(world, browser) {
      browser.manners.ackDelayMs = [260, 260]
      post(world)
      await world.run(STORY_MS)
    },
  },
  {
    name: 'messages wait for a browser that comes back',
    async play(world, browser) {
      browser.stop()
      await world.run(100)
      for (const topic of [undefined, 'news', 'news']) post(world, topic)
      await world.run(1000)
      browser.start()
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a younger session displaces one with a message in flight',
    async play(world, browser) {
      browser.manners.ignoreRate = 1
      post(world)
      await world.run(120)
      browser.manners.ignoreRate = 0
      browser.roam()
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a message in flight is replaced by its topic',
    async play(world, browser) {
      browser.manners.ackDelayMs = [300, 300]
      post(world, 'news')
      await world.run(100)
      post(world, 'news')
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a node is drained with a message in flight',
    async play(world, browser) {
      browser.manners.ignoreRate = 1
      post(world)
      await world.run(120)
      browser.manners.ignoreRate = 0
      const node = world.servers.find(({ agents }) => agents !== undefined && agents.size > 0)
      if (node !== undefined) void world.drainServer(node, 500, 300)
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a message that waits is taken back',
    async play(world, browser) {
      browser.stop()
      await world.run(100)
      const id = post(world)
      await world.run(500)
      const server = world.servers.find(({ delivery, serving }) => delivery !== undefined && serving)
      if (id !== undefined && server !== undefined) void world.senders.delete(server, id)
      browser.start()
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a browser subscribes again with another key, and ends another subscription',
    async play(world, browser) {
      const [channelId] = browser.profile.channels.keys()
      browser.subscribe()
      await world.run(50)
      if (channelId !== undefined) browser.changeKey(channelId)
      post(world)
      await world.run(50)
      if (channelId !== undefined) browser.unsubscribe(channelId)
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a message is stored while the endpoint has not heard of the new session',
    async play(world, browser) {
      world.faults.interestDelayMs = LATE_MS
      browser.reconnect()
      await world.run(100)
      post(world)
      await world.run(STORY_MS)
    },
  },
  {
    name: 'displaced sessions store while their nodes have not heard of the younger one',
    async play(world, browser) {
      world.faults.interestDelayMs = LATE_MS
      world.faults.storeHoldMs = { insert: 100, put: 100 }
      for (let turn = 0; turn < 3; turn++) {
        browser.manners.ignoreRate = 1
        post(world)
        await world.run(120)
        browser.manners.ignoreRate = 0
        browser.roam()
        await world.run(2500)
      }
      await world.run(STORY_MS)
    },
  },
  {
    name: 'node and endpoint store the same message, and the majority lags',
    async play(world, browser) {
      Object.assign(world.faults, {
        replyLossRate: 1,
        replicationMs: [1900, 1900],
        storeHoldMs: { insert: 1500 },
      })
      browser.manners.ignoreRate = 1
      post(world)
      await world.run(2400)
      world.faults.storeHoldMs = {}
      await world.run(1500)
      browser.manners.ignoreRate = 0
      world.faults.replyLossRate = 0
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a message is stored, and both hints are given, before anybody has heard of the new session',
    async play(world, browser) {
      world.faults.listenDelayMs = UNHEARD_MS
      browser.reconnect()
      await world.run(250)
      post(world)
      await world.run(STORY_MS)
    },
  },
  {
    name: 'a subscription is ended by one session after the next one has read it',
    async play(world, browser) {
      const [channelId] = browser.profile.channels.keys()
      browser.subscribe()
      await world.run(100)
      world.faults.storeHoldMs = { update: 500 }
      if (channelId !== undefined) browser.unsubscribe(channelId)
      browser.reconnect()
      await world.run(STORY_MS)
      world.faults.storeHoldMs = {}
      post(world)
      await world.run(STORY_MS)
    },
  },
]

/** Sends a message to the first endpoint, where a process takes it. */
function post(world: World, topic?: string): MessageId | undefined {
  const server = world.servers.find(({ delivery, serving }) => delivery !== undefined && serving)
  const [endpoint] = world.endpoints
  if (server === undefined || endpoint === undefined) return undefined
  return world.senders.post(server, endpoint, { ttlSeconds: 3600, ...(topic !== undefined && { topic }) }).id
}
