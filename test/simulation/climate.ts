import { STORE_LIMITS } from '../../store/store.ts'
import type { Manners } from './browser.ts'
import { Dice, type RangeMs } from './dice.ts'
import { CALM, type Faults } from './faults.ts'
import type { WorldOptions } from './world-options.ts'

/** What one seed is about: the world it plays in, and what may go wrong there. */
export interface Climate {
  readonly world: WorldOptions
  /** Nothing goes wrong but what browsers do, so that what happens in time by chance must happen in time by rule. */
  readonly quiet: boolean
  readonly browsers: number
  readonly senders: number
  /** How long senders wait between messages, in the mean. */
  readonly postEveryMs: number
  /** How long until something happens to a process, a connection or a browser, in the mean. */
  readonly eventEveryMs: number
  readonly topics: number
  /** How long until a broadcast is set, in the mean. */
  readonly broadcastEveryMs: number
  /** The faults that are on during storms. */
  readonly storm: Partial<Faults>
  /** How browsers behave until all is to heal. */
  readonly manners: Partial<Manners>
  /** Whether processes are killed and paused, browsers cloned. */
  readonly kills: boolean
  readonly pauses: boolean
  readonly clones: boolean
  /** Whether primaries of the database step down often. */
  readonly elections: boolean
  /** Whether servers are stopped in good order and started again, also when nothing goes wrong. */
  readonly drains: boolean
}

/** Waits short enough to meet all of them in a few minutes; the relations between them are those of production. */
const AGENTS = { recheckMs: 180_000 }

/** Draws a climate. Each seed has some kinds of trouble and lacks others, for much trouble hides much. */
export function drawClimate(seed: number): Climate {
  const dice = new Dice(seed, 'climate')
  const quiet = dice.chance(0.3)
  return {
    world: drawWorld(seed, dice, quiet),
    quiet,
    browsers: dice.int(1, 4),
    senders: dice.int(1, 3),
    postEveryMs: dice.pick(quiet ? [1000, 3000] : [100, 300, 1000]) ?? 1000,
    eventEveryMs: dice.pick([500, 2000, 6000]) ?? 2000,
    topics: dice.pick([0, 1, 3]) ?? 0,
    storm: { ...drawNetwork(dice), ...drawStore(dice, quiet) },
    manners: drawManners(dice, quiet),
    kills: dice.chance(0.4),
    pauses: dice.chance(0.3),
    clones: dice.chance(0.1),
    elections: dice.chance(0.3),
    drains: dice.chance(0.4),
    broadcastEveryMs: dice.pick([2000, 5000, 20_000]) ?? 5000,
  }
}

function drawWorld(seed: number, dice: Dice, quiet: boolean): WorldOptions {
  const kind = dice.pick(quiet ? ['faultyBus', 'cluster', 'cluster'] : ['single', 'faultyBus', 'cluster'])
  const isCluster = kind === 'cluster'
  const small = dice.chance(0.4)
  return {
    seed,
    roles: isCluster ? ['node', 'node', 'endpoint', 'endpoint'] : ['serve'],
    bus: kind === 'single' ? 'inProcess' : 'network',
    store: isCluster ? 'mongodb' : 'embedded',
    storeLimits: { ...STORE_LIMITS, storedMax: dice.chance(0.2) ? 10 : STORE_LIMITS.storedMax },
    storeWaitingBytesMax: dice.chance(0.2) ? 1000 : 1024 * 1024,
    skewMaxMs: isCluster ? 5000 : 0,
    agents: { ...AGENTS, inFlightMax: small ? dice.int(2, 8) : 100, sendsMax: dice.chance(0.2) ? 2 : 5 },
  }
}

function drawNetwork(dice: Dice): Partial<Faults> {
  return {
    busDelayMs: [0, dice.pick([5, 50, 300]) ?? 5],
    listenDelayMs: [0, dice.pick([5, 300, 3000]) ?? 5],
    interestDelayMs: dice.pick<RangeMs>([
      [0, 7],
      [0, 300],
      [100, 500],
    ]) ?? [0, 7],
    askLossRate: sometimes(dice, 0.1),
    replyLossRate: sometimes(dice, 0.2),
    tellLossRate: sometimes(dice, 0.3),
    hintsLost: dice.chance(0.15),
    flushFailureRate: sometimes(dice, 0.1),
    frameDelayMs: [0, dice.pick([30, 200, 1500]) ?? 30],
  }
}

function drawStore(dice: Dice, quiet: boolean): Partial<Faults> {
  return {
    storeDelayMs: [0, dice.pick([5, 60, quiet ? 250 : 700]) ?? 5],
    storeFailureRate: sometimes(dice, 0.1),
    storeDoubtRate: sometimes(dice, 0.1),
    storeHangRate: sometimes(dice, 0.1),
    storeFullRate: sometimes(dice, 0.1),
    replicationMs: [0, dice.pick(quiet ? [3, 50] : [3, 50, 500, 4000]) ?? 3],
  }
}

function drawManners(dice: Dice, quiet: boolean): Partial<Manners> {
  return {
    ackDelayMs: [0, dice.pick([30, 400, 3000]) ?? 30],
    ignoreRate: sometimes(dice, 0.3),
    nackRate: sometimes(dice, 0.2),
    roamRate: quiet ? 0.3 : sometimes(dice, 0.05),
  }
}

function sometimes(dice: Dice, rate: number): number {
  return dice.chance(0.35) ? rate : 0
}

/** The faults of calm times in a climate: what takes time goes on taking time, and nothing is lost. */
export function calmOf({ storm }: Climate): Faults {
  const { busDelayMs, listenDelayMs, interestDelayMs, frameDelayMs, storeDelayMs, replicationMs } = {
    ...CALM,
    ...storm,
  }
  const promptMs: RangeMs = [replicationMs[0], Math.min(replicationMs[1], 50)]
  return {
    ...CALM,
    busDelayMs,
    listenDelayMs,
    interestDelayMs,
    frameDelayMs,
    storeDelayMs,
    replicationMs: promptMs,
  }
}
