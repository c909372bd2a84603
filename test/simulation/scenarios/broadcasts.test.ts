import type { BroadcastId } from '../../../push/broadcast.ts'
import type { Browser } from '../browser.ts'
import { broadcastsConverge } from '../rules/broadcasts.ts'
import type { Server } from '../server.ts'
import { type Stage, scenario } from './scenario.ts'

const BROADCAST = 'news/all' as BroadcastId
/** Far less than until a node looks for itself. */
const SOON_MS = 5000

/** A browser that is connected and has the version that the broadcast has. */
async function subscribed(stage: Stage): Promise<Browser> {
  const { browser } = await stage.online()
  browser.subscribeBroadcast(BROADCAST)
  await arrives(stage, browser)
  return browser
}

/** Sets the broadcast to another version, and waits until the browser has it. */
async function arrives(stage: Stage, browser: Browser): Promise<void> {
  const version = put(stage)
  await stage.world.until(
    `${version} is known`,
    () => browser.profile.broadcasts.get(BROADCAST) === version,
    SOON_MS,
  )
}

function put(stage: Stage): string {
  return stage.world.administrator.put(stage.server('administration'), BROADCAST)
}

/** The node that a browser is connected to, and another one. */
function nodesOf({ world }: Stage, { session }: Browser): [Server, Server] {
  const nodes = world.servers.filter(({ agents }) => agents !== undefined)
  const own = nodes.find(({ agents }) => session !== undefined && agents?.size === 1)
  const other = nodes.find((node) => node !== own)
  if (own === undefined || other === undefined) throw new Error('there are not two nodes')
  return [own, other]
}

scenario('broadcasts: a change while the user agent is away is told at its hello', {}, async (t, stage) => {
  const browser = await subscribed(stage)
  browser.stop()
  await stage.world.run(100)
  const version = put(stage)
  await stage.world.run(1000)
  browser.start()
  await stage.world.until('the browser is back', () => browser.session !== undefined)
  t.equal(browser.profile.broadcasts.get(BROADCAST), version)
})

scenario(
  'broadcasts: a change before anybody knows of a new node is found by it',
  { bus: 'network', roles: ['node', 'endpoint'] },
  async (t, stage) => {
    const { world } = stage
    const browser = await subscribed(stage)
    world.faults.listenDelayMs = [1500, 1500]
    world.killServer(stage.server('agents'), 100)
    await world.run(300)
    const version = put(stage)
    await world.until('the browser is back', () => browser.session !== undefined)
    await world.run(SOON_MS)
    t.equal(browser.profile.broadcasts.get(BROADCAST), version)
  },
)

scenario(
  'broadcasts: a user agent that knows more than its node makes it look',
  { bus: 'network', roles: ['node', 'node', 'endpoint'], store: 'mongodb' },
  async (t, stage) => {
    const { world } = stage
    const browser = await subscribed(stage)
    const [own, other] = nodesOf(stage, browser)
    world.hideInterest(other, stage.server('delivery'), 60_000)
    await world.run(2000)
    await arrives(stage, browser)
    const version = browser.profile.broadcasts.get(BROADCAST)
    world.killServer(own, 60_000)
    await world.run(100)
    await world.until('the browser is at the other node', () => browser.session !== undefined)
    t.not(browser.profile.broadcasts.get(BROADCAST), version, 'which has not heard of the change')
    await world.run(SOON_MS)
    t.equal(browser.profile.broadcasts.get(BROADCAST), version)
  },
)

scenario('broadcasts: what a slow reader missed is told when it reads again', {}, async (t, stage) => {
  const { world } = stage
  const browser = await subscribed(stage)
  browser.link?.setReading(false)
  for (let change = 0; change < 20; change += 1) {
    put(stage)
    await world.run(100)
  }
  const version = put(stage)
  await world.run(1000)
  browser.link?.setReading(true)
  await world.run(1000)
  t.equal(browser.profile.broadcasts.get(BROADCAST), version)
})

scenario(
  'broadcasts: one whose hints were all lost is found by the next look',
  { bus: 'network', roles: ['node', 'endpoint'] },
  async (t, stage) => {
    const { world } = stage
    const browser = await subscribed(stage)
    world.faults.hintsLost = true
    const version = put(stage)
    await world.run(SOON_MS)
    t.not(browser.profile.broadcasts.get(BROADCAST), version, 'nobody knows of it')
    await world.run(50_000)
    t.equal(browser.profile.broadcasts.get(BROADCAST), version)
    world.check(broadcastsConverge)
  },
)
