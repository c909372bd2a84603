import type { Browser } from './browser.ts'
import { PROMPT } from './browser.ts'
import { nothingRemains } from './rules/limits.ts'
import { nothingLeft, nothingWaits } from './rules/liveness.ts'
import { Violation } from './rules/rule.ts'
import { oneSession } from './rules/sessions.ts'
import type { Server } from './server.ts'
import { STORIES, type Story } from './stories.ts'
import { World } from './world.ts'
import { SINGLE, type WorldOptions } from './world-options.ts'

/** Something that is done to one process, or to all of the store. */
interface Harm {
  readonly name: string
  run(world: World, server: Server): void
}

/** Nothing happens. */
const SPARED: Harm = { name: 'left alone', run: () => {} }

const HARMS: readonly Harm[] = [
  { name: 'killed', run: (world, server) => world.killServer(server, 400) },
  { name: 'paused', run: (world, server) => world.pauseServer(server, 4000) },
  { name: 'cut off from the bus', run: (world, server) => world.cutOff(server, 4000) },
  { name: 'left by the primary of its database', run: (world) => world.stepDown(300) },
]

const DEPLOYMENTS: readonly Partial<WorldOptions>[] = [
  { roles: ['serve'], bus: 'network', store: 'embedded' },
  { roles: ['node', 'node', 'endpoint'], bus: 'network', store: 'mongodb' },
]

/** One story, harmed at one step. */
export interface Interrupted {
  readonly title: string
  /** What rule was broken, if one was. */
  readonly broken: string | undefined
}

/** Waiting as in the climates of seeds, but first looks and what the bus was away for are done with before a play is judged. */
const AGENTS = {
  recheckMs: 180_000,
  firstRecheckMs: [10_000, 12_000],
  recheckSoonMs: 12_000,
} as const
const COME_BACK_MS = 15_000

/**
 * Plays every story on every kind of deployment, with every kind of harm to every process, at every `stride`-th step: a step is
 * a timer of the world, such as the arrival of a frame, a message or an answer of the store. What was promised must be kept
 * and everything delivered, wherever it happens. Each play is told as soon as it is over: whoever stops listening stops it.
 * @param words of the names of the stories to play; of all of them if empty
 */
export async function* playEveryStep(stride: number, words = ''): AsyncGenerator<Interrupted> {
  const stories = [...STORIES.entries()].filter(([, { name }]) => name.includes(words))
  for (const [index, story] of stories)
    for (const deployment of DEPLOYMENTS) {
      const spared = await play(story, deployment, SPARED, 0, 0)
      if (spared !== undefined) yield spared
      for (const harm of HARMS)
        for (const victim of (deployment.roles ?? []).keys())
          for (let step = index % stride; ; step += stride) {
            const played = await play(story, deployment, harm, victim, step)
            if (played === undefined) break
            yield played
          }
    }
}

/** Undefined when the story did not go on to that step. */
async function play(
  story: Story,
  deployment: Partial<WorldOptions>,
  harm: Harm,
  victim: number,
  step: number,
): Promise<Interrupted | undefined> {
  const world = new World({ ...SINGLE, seed: 1, ...deployment, agents: AGENTS })
  const server = world.servers[victim]
  if (server === undefined) throw new Error(`no server ${victim}`)
  const title = `${story.name}; ${server.process.name} is ${harm.name} at step ${step}`
  try {
    const browser = await begin(world)
    world.interrupt(step, () => {
      if (server.process.alive) harm.run(world, server)
    })
    await story.play(world, browser)
    if (harm === SPARED) world.check(nothingWaits)
    if (world.isInterruptionDue) return undefined
    await end(world)
    return { title, broken: undefined }
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    return { title, broken: error.message }
  }
}

async function begin(world: World): Promise<Browser> {
  const browser = world.addBrowser('browser')
  browser.start()
  browser.subscribe()
  await world.until('the browser has an endpoint', () => world.endpoints.size === 1)
  return browser
}

/** Nothing goes wrong any more: all must be well in the end. */
async function end(world: World): Promise<void> {
  world.heal()
  for (const browser of world.browsers) {
    Object.assign(browser.manners, PROMPT)
    browser.start()
  }
  await world.run(COME_BACK_MS)
  world.check(oneSession)
  for (const browser of world.browsers) browser.reconnect()
  await world.run(COME_BACK_MS)
  world.check(nothingLeft)
  for (const browser of world.browsers) browser.stop()
  await world.run(COME_BACK_MS)
  world.check(nothingRemains)
}
