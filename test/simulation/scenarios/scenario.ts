import t, { type Test } from 'tap'
import type { MessageId } from '../../../push/ids.ts'
import type { Browser } from '../browser.ts'
import type { Fact } from '../facts.ts'
import type { Faults } from '../faults.ts'
import { nothingLeft } from '../rules/liveness.ts'
import type { Server } from '../server.ts'
import { World } from '../world.ts'
import { SINGLE, type WorldOptions } from '../world-options.ts'

/** Everything takes the same short time, so that a scenario decides what overtakes what. */
const EVEN: Partial<Faults> = {
  busDelayMs: [1, 1],
  listenDelayMs: [1, 1],
  interestDelayMs: [1, 1],
  storeDelayMs: [5, 5],
  frameDelayMs: [10, 10],
  noticeMs: [30_000, 30_000],
}

/** One interleaving under the name of the rule of delivery.md that it is for. The rules of the simulation are held to all along. */
export function scenario(
  rule: string,
  options: Partial<Omit<WorldOptions, 'seed'>>,
  play: (t: Test, stage: Stage) => Promise<void>,
): void {
  t.test(rule, async (t) => {
    const world = new World({ ...SINGLE, seed: 1, ...options })
    Object.assign(world.faults, EVEN)
    await play(t, new Stage(world))
  })
}

/** A world and the handles that scenarios need. */
export class Stage {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  /** The first server that has this part. */
  server(part: 'agents' | 'delivery' | 'administration'): Server {
    const found = this.world.servers.find((server) => server[part] !== undefined)
    if (found === undefined) throw new Error(`no server has ${part}`)
    return found
  }

  /** A browser that is connected and subscribed, with its endpoint. */
  async online(name = 'browser 1'): Promise<{ browser: Browser; endpoint: string }> {
    const browser = this.world.addBrowser(name)
    browser.start()
    await this.world.until(`${name} is connected`, () => browser.session !== undefined)
    return { browser, endpoint: await this.subscribe(browser) }
  }

  /** One more subscription of a connected browser. */
  async subscribe(browser: Browser): Promise<string> {
    const before = this.world.endpoints.size
    browser.subscribe()
    await this.world.until('the channel is registered', () => this.world.endpoints.size > before)
    const endpoint = [...this.world.endpoints].at(-1)
    if (endpoint === undefined) throw new Error('no endpoint')
    return endpoint
  }

  /** Sends a message; a TTL of an hour unless said otherwise. */
  post(endpoint: string, post: { ttlSeconds?: number; topic?: string; idAgeMs?: number } = {}) {
    return this.world.senders.post(this.server('delivery'), endpoint, { ttlSeconds: 3600, ...post })
  }

  /** How often this happened to a message. */
  count(kind: Fact['kind'], id: MessageId): number {
    return this.world.ledger.facts.filter(({ fact }) => fact.kind === kind && 'id' in fact && fact.id === id)
      .length
  }

  /** Lets time pass until this has happened to a message. */
  async after(kind: Fact['kind'], id: MessageId): Promise<void> {
    await this.world.until(`${kind} ${id}`, () => this.count(kind, id) > 0)
  }

  /** What a sender is answered. */
  async answer({ id, outcome }: { id: MessageId; outcome: Promise<string> }): Promise<string> {
    await this.after('answered', id)
    return outcome
  }

  /** Whether a message is in the store now. */
  stored(id: MessageId): boolean {
    return this.world.truth.has(this.world.ledger.message(id).uaid, id)
  }

  /** Nothing goes wrong any more: within seconds everything must have been delivered. */
  async allArrives(): Promise<void> {
    this.world.heal()
    await this.world.run(8000)
    this.world.check(nothingLeft)
  }
}
