import type { MessageId } from '../../push/ids.ts'
import { Broadcasting } from './broadcasting.ts'
import { type Browser, copyOf, PROMPT } from './browser.ts'
import { type Climate, calmOf, drawClimate } from './climate.ts'
import type { Dice } from './dice.ts'
import { CALM } from './faults.ts'
import { broadcastsConverge, broadcastsSoon } from './rules/broadcasts.ts'
import { nothingRemains } from './rules/limits.ts'
import { hintsWork, nothingLeft, nothingWaits } from './rules/liveness.ts'
import { everyOutcome } from './rules/receipts.ts'
import { Violation } from './rules/rule.ts'
import { oneSession } from './rules/sessions.ts'
import type { Server } from './server.ts'
import { World } from './world.ts'

/** What became of one seed. */
export interface Outcome {
  readonly seed: number
  readonly world: World
  /** The rule that was broken, if one was. */
  readonly violation: Violation | undefined
}

/** Storms and calms that a run goes through, and how long each takes. */
const WEATHERS = 6
const WEATHER_MS = [4000, 20_000] as const
/** How often it is looked whether anything waits that should not. */
const LOOK_EVERY_MS = 2000
/** Browsers and clones there may be. */
const BROWSERS_MAX = 6
/** Messages that a receipt is asked for. */
const RECEIPT_SHARE = 0.4
/** More than any message lives. */
const SWEEP_AHEAD_MS = 2 * 24 * 60 * 60 * 1000
const SWEEP_MAX = 500
/** Time for some more messages. */
const LAST_SENDS_MS = 8000
/** In which what was sent last has come to the store, after an ask in vain; it may have missed a re-read by that (seed 8900). */
const LAST_PUT_MS = 10_000
/** Time after healing in which browsers that were cut off or turned away come back. */
const COME_BACK_MS = 90_000

/** Runs one seed to its end, or to the first broken rule. The same seed gives the same run. */
export async function simulate(seed: number): Promise<Outcome> {
  const climate = drawClimate(seed)
  const world = new World(climate.world)
  try {
    await new Simulation(climate, world).run()
    return { seed, world, violation: undefined }
  } catch (error) {
    if (error instanceof Violation) return { seed, world, violation: error }
    throw error
  }
}

/** The course of one run: browsers subscribe, senders send, things go wrong and heal, and everything must arrive. */
class Simulation {
  readonly #climate: Climate
  readonly #world: World
  readonly #dice: Dice
  readonly #broadcasting: Broadcasting
  #sending = true
  #troubled = true
  #stormy = false
  readonly #clones = new Set<Browser>()

  constructor(climate: Climate, world: World) {
    this.#climate = climate
    this.#world = world
    this.#dice = world.dice('events')
    this.#broadcasting = new Broadcasting(world, climate.broadcastEveryMs)
  }

  async run(): Promise<void> {
    this.#begin()
    for (let weather = 0; weather < WEATHERS; weather++) {
      const stormy = weather % 2 === 1 && !this.#climate.quiet
      if (stormy !== this.#stormy) this.#world.disturb(stormy ? 'a storm begins' : 'the storm is over')
      await this.#weather(stormy)
    }
    await this.#heal()
    await this.#end()
  }

  #begin(): void {
    const { browsers, senders } = this.#climate
    for (let number = 1; number <= browsers; number++) {
      const browser = this.#world.addBrowser(`browser ${number}`)
      for (let channel = 0; channel < this.#dice.int(1, 3); channel++) browser.subscribe()
      browser.start()
    }
    for (let number = 1; number <= senders; number++) this.#sendOn(this.#world.dice(`sender ${number}`))
    this.#broadcasting.begin()
    this.#goWrong()
  }

  async #weather(stormy: boolean): Promise<void> {
    this.#stormy = stormy
    const { faults, browsers } = this.#world
    const { storm, manners } = this.#climate
    Object.assign(faults, calmOf(this.#climate), stormy && storm)
    for (const browser of browsers) Object.assign(browser.manners, manners)
    const forMs = this.#dice.within(WEATHER_MS)
    for (let lookedMs = 0; lookedMs < forMs; lookedMs += LOOK_EVERY_MS) {
      await this.#world.run(LOOK_EVERY_MS)
      this.#world.check(hintsWork)
      this.#world.check(broadcastsSoon)
    }
  }

  /** Everything heals, all hints are lost, and all that waits must be found all the same. */
  async #heal(): Promise<void> {
    const { recheckMs } = this.#world.agentsOptions
    this.#troubled = false
    this.#world.heal()
    for (const browser of this.#world.browsers) {
      Object.assign(browser.manners, PROMPT)
      browser.link?.setReading(true)
      if (this.#clones.has(browser)) browser.stop()
      else browser.start()
    }
    await this.#world.run(COME_BACK_MS)
    this.#world.check(oneSession)
    this.#world.check(hintsWork)
    // Nothing but the store knows of what is sent last.
    Object.assign(this.#world.faults, { askLossRate: 1, hintsLost: true })
    await this.#world.run(LAST_SENDS_MS)
    this.#sending = false
    this.#broadcasting.end()
    this.#world.faults.askLossRate = CALM.askLossRate
    await this.#world.run(LAST_PUT_MS + 1.5 * recheckMs)
    this.#world.check(nothingWaits)
    this.#world.check(broadcastsConverge)
  }

  /** Every browser comes back once more and takes what is left; then all leave, and nothing of them may remain. */
  async #end(): Promise<void> {
    const { browsers } = this.#world
    this.#world.faults.hintsLost = CALM.hintsLost
    for (const browser of browsers) browser.reconnect()
    await this.#world.run(COME_BACK_MS)
    this.#world.check(nothingLeft)
    this.#world.check(broadcastsConverge)
    for (const browser of browsers) browser.stop()
    await this.#world.run(COME_BACK_MS)
    this.#world.check(nothingRemains)
    await this.#sweep()
    this.#world.check(everyOutcome)
  }

  /** Everything that is left has expired, and is swept. */
  async #sweep(): Promise<void> {
    const server = this.#world.servers.find(({ agents }) => agents !== undefined)
    if (server === undefined) return
    this.#world.aheadMs = SWEEP_AHEAD_MS
    let swept: number | undefined
    while (swept !== 0) {
      swept = undefined
      void server.store
        .sweepReceipts(server.process.clock.nowMs() + SWEEP_AHEAD_MS, SWEEP_MAX)
        .then((count) => {
          swept = count
        })
      await this.#world.until('a sweep', () => swept !== undefined)
    }
  }

  #sendOn(dice: Dice): void {
    const accepted: MessageId[] = []
    const { postEveryMs, topics } = this.#climate
    const next = () => {
      if (!this.#sending) return
      const server = this.#endpointServer(dice)
      const id = dice.chance(0.05) ? dice.pick(accepted) : undefined
      if (server !== undefined && id !== undefined) void this.#world.senders.delete(server, id)
      else if (server !== undefined) this.#post(server, dice, topics, accepted)
      // After healing enough goes on to see that it does.
      const meanMs = this.#troubled ? postEveryMs : Math.max(postEveryMs, 3000)
      this.#world.time.after(dice.int(1, 2 * meanMs), next)
    }
    this.#world.time.after(dice.int(1, 2 * postEveryMs), next)
  }

  #post(server: Server, dice: Dice, topics: number, accepted: MessageId[]): void {
    const endpoint = dice.pick([...this.#world.endpoints])
    if (endpoint === undefined) return
    const topic = dice.int(0, topics)
    const { id, outcome } = this.#world.senders.post(server, endpoint, {
      ttlSeconds: dice.pick([0, 5, 60, 3600, 86_400, 86_400]) ?? 0,
      ...(topic > 0 && { topic: `topic-${topic}` }),
      idAgeMs: dice.chance(0.1) ? dice.within([0, 5000]) : 0,
      receipt: dice.chance(RECEIPT_SHARE),
    })
    void outcome.then((answer) => {
      if (answer === 'stored' || answer === 'delivered') accepted.push(id)
    })
  }

  #endpointServer(dice: Dice): Server | undefined {
    return dice.pick(this.#world.servers.filter(({ delivery, serving }) => delivery !== undefined && serving))
  }

  /** From now on something happens every now and then, until all is to heal. */
  #goWrong(): void {
    const happen = () => {
      if (!this.#troubled) return
      this.#event()
      this.#world.time.after(this.#dice.int(1, 2 * this.#climate.eventEveryMs), happen)
    }
    this.#world.time.after(this.#dice.int(1, 2 * this.#climate.eventEveryMs), happen)
  }

  #event(): void {
    const events = this.#stormy ? [...this.#browserEvents(), ...this.#harms()] : this.#browserEvents()
    this.#dice.pick(events)?.()
  }

  /** What happens to browsers on any day. */
  #browserEvents(): readonly (() => void)[] {
    const browser = this.#dice.pick(this.#world.browsers)
    if (browser === undefined) return []
    const channel = this.#dice.pick([...browser.profile.channels.keys()])
    return [
      () => browser.reconnect(),
      () => browser.roam(),
      () => browser.cut(),
      () => this.#closeForAWhile(browser),
      ...(this.#climate.quiet ? [] : [() => this.#readSlowly(browser)]),
      () => browser.subscribe(),
      () => channel !== undefined && browser.unsubscribe(channel),
      () => channel !== undefined && browser.changeKey(channel),
      ...(this.#climate.drains ? [() => this.#drain()] : []),
    ]
  }

  /** What goes wrong with the service itself. */
  #harms(): readonly (() => void)[] {
    const { kills, pauses, clones, elections } = this.#climate
    const stepDown = () => this.#world.stepDown(this.#dice.within([100, 5000]))
    const server = this.#dice.pick(this.#world.servers)
    const other = this.#dice.pick(this.#world.servers)
    if (server === undefined || other === undefined) return []
    return [
      () => this.#world.storeOutage(this.#dice.within([100, 10_000])),
      () => this.#world.hideInterest(server, other, this.#dice.within([100, 5000])),
      ...(kills ? [() => this.#world.killServer(server, this.#dice.within([100, 5000]))] : []),
      ...(pauses ? [() => this.#world.pauseServer(server, this.#dice.within([100, 20_000]))] : []),
      ...(this.#world.options.bus === 'network'
        ? [() => this.#world.cutOff(server, this.#dice.within([100, 10_000]))]
        : []),
      ...(elections ? [stepDown, stepDown, stepDown, stepDown] : [stepDown]),
      ...(clones ? [() => this.#clone()] : []),
      () => this.#collectGarbage(server),
    ]
  }

  /** SIGTERM, as at every new release. */
  #drain(): void {
    const server = this.#dice.pick(this.#world.servers.filter(({ serving, paused }) => serving && !paused))
    if (server === undefined) return
    void this.#world.drainServer(server, this.#dice.within([0, 5000]), this.#dice.within([100, 3000]))
  }

  #closeForAWhile(browser: Browser): void {
    browser.stop()
    this.#world.time.after(this.#dice.within([0, 10_000]), () => {
      if (this.#troubled) browser.start()
    })
  }

  #readSlowly(browser: Browser): void {
    const { link } = browser
    const forMs = this.#dice.within([100, 8000])
    this.#world.disturb(`${browser.name} does not read for ${forMs} ms`, forMs)
    link?.setReading(false)
    this.#world.time.after(forMs, () => link?.setReading(true))
  }

  /** Somebody copies a profile to another machine. */
  #clone(): void {
    const original = this.#dice.pick(this.#world.browsers)
    if (original === undefined || this.#world.browsers.length >= BROWSERS_MAX) return
    const name = `clone ${this.#world.browsers.length} of ${original.name}`
    const clone = this.#world.addBrowser(name, copyOf(original.profile))
    this.#clones.add(clone)
    clone.start()
  }

  #collectGarbage(server: Server): void {
    const nowMs = server.process.clock.nowMs()
    server.store.collectGarbage(nowMs, 50).catch(() => {})
    server.store.sweepReceipts(nowMs, 50).catch(() => {})
  }
}
