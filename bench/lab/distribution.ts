import type { Random } from '../../cluster/clock.ts'
import { Rendezvous } from '../../cluster/rendezvous.ts'
import { agentAddress } from '../../push/agent-requests.ts'
import { newUaid } from '../../push/ids.ts'

/** How many went to each of several places. */
export type Counts = readonly number[]

/** What becomes of user agents when a cell is added to some, or the same one removed again. */
export interface CellChange {
  /** In each cell before. */
  readonly before: Counts
  /** In each cell after one more was added, that one last. */
  readonly after: Counts
  /** How many each of the old cells gave to the new one; removed again, the new one gives them back. */
  readonly given: Counts
  /** How many moved from one old cell to another: none. */
  readonly strayed: number
}

/** Lets random user agents fall into cells as every process of a deployment does, and adds a cell. */
export function addCell(random: Random, agents: number, cells: number): CellChange {
  const members = Array.from({ length: cells + 1 }, (_, index) => ({ name: `cell-${index}`, index }))
  const old = new Rendezvous(members.slice(0, cells))
  const all = new Rendezvous(members)
  const before = zeros(cells)
  const after = zeros(cells + 1)
  const given = zeros(cells)
  let strayed = 0
  for (let agent = 0; agent < agents; agent += 1) {
    const address = agentAddress(newUaid(random))
    const [from, to] = [old.of(address).index, all.of(address).index]
    count(before, from)
    count(after, to)
    if (to === cells) count(given, from)
    else if (to !== from) strayed += 1
  }
  return { before, after, given, strayed }
}

/** User agents on each node, and on each that is left when one has died and its user agents came to the others. */
export interface NodeLoss {
  readonly before: Counts
  readonly after: Counts
}

/** Lets user agents choose among nodes by chance, as a proxy without any memory would; then the last node dies. */
export function loseNode(random: Random, agents: number, nodes: number): NodeLoss {
  const before = zeros(nodes)
  for (let agent = 0; agent < agents; agent += 1) count(before, Math.floor(random.fraction() * nodes))
  const after = before.slice(0, -1)
  const homeless = before.at(-1) ?? 0
  for (let agent = 0; agent < homeless; agent += 1) count(after, Math.floor(random.fraction() * after.length))
  return { before, after }
}

/** The fullest and the emptiest place, as multiples of the mean. */
export function extremes(counts: Counts): { fullest: number; emptiest: number } {
  const mean = counts.reduce((sum, each) => sum + each, 0) / counts.length
  return { fullest: Math.max(...counts) / mean, emptiest: Math.min(...counts) / mean }
}

/**
 * How far from the expected a count of `agents` independent choices may be, each made with this probability, when it is off by no
 * more than `sigmas` standard deviations of the binomial distribution: with 6 it is further off once in 500 million counts.
 */
export function binomialDeviation(agents: number, probability: number, sigmas: number): number {
  return sigmas * Math.sqrt(agents * probability * (1 - probability))
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0)
}

function count(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1
}
