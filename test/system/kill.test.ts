import t from 'tap'
import { systemClock } from '../../cluster/clock.ts'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { within } from '../../cluster/within.ts'
import { Ledger, type Posted } from '../support/ledger.ts'
import { LoadAgent } from '../support/load-agent.ts'
import { ReceiptLedger } from '../support/receipt-ledger.ts'
import { testSeed } from '../support/seed.ts'
import { Sender, textOf } from '../support/sender.ts'
import { startSystem } from '../support/system.ts'
import { Turnstile } from '../support/turnstile.ts'

const KILLS = 20
const AGENTS = 20
const SENDERS = 8
/** Accepted POSTs between a start and the next kill, at most. */
const ACCEPTED_MAX = 600
/** One in this many accepted POSTs makes a user agent come or go. */
const COME_OR_GO_EVERY = 40
const TOPIC_SHARE = 0.25
const UNACKNOWLEDGED_SHARE = 0.2
const RECEIPT_SHARE = 0.25
const DRAIN_TIMEOUT_MS = 120_000
/** A cluster takes much longer to start than one process does. */
const TEST_TIMEOUT_MS = 600_000

t.setTimeout(TEST_TIMEOUT_MS)

t.test(
  'SIGKILL at random moments under load: nothing accepted is lost, and every receipt comes',
  async (t) => {
    const seed = testSeed()
    t.comment(`seed ${seed}: PUSHGRID_TEST_SEED=${seed} draws the same numbers`)
    const random = seededRandom(seed)
    const below = (limit: number) => Math.floor(random.fraction() * limit)
    // The cap and the end of redelivery are ways a message may rightly end: far away here.
    const system = await startSystem({ env: { PUSHGRID_STORED_MAX: '100000', PUSHGRID_SENDS_MAX: '100' } })
    t.teardown(() => system.stop())
    const sender = new Sender(SENDERS)
    t.teardown(() => sender.close())

    const ledger = new Ledger()
    const receipts = new ReceiptLedger(sender)
    const up = new Turnstile()
    let stopped = false
    /** Every fifth user agent leaves some messages unacknowledged: they have to be stored, and come again. */
    const acknowledges = (index: number) =>
      stopped || index % 5 > 0 || random.fraction() > UNACKNOWLEDGED_SHARE
    const agents = Array.from(
      { length: AGENTS },
      (_, index) =>
        new LoadAgent({
          wsUrl: system.wsUrl,
          isUp: () => up.open,
          onNotification(notification) {
            ledger.received(JSON.parse(textOf(notification) ?? '') as Posted)
            if (!acknowledges(index)) return false
            ledger.acknowledged()
            return true
          },
        }),
    )
    await Promise.all(agents.map((agent) => agent.want(true)))

    /** The first half stays connected; of the other half one comes or goes. */
    const comeOrGo = () => {
      const agent = agents[AGENTS / 2 + below(AGENTS / 2)]
      agent?.want(!agent.wanted).catch(failed)
    }
    const failures: unknown[] = []
    const failed = (error: unknown) => void failures.push(error)
    const unexpected = new Map<number, number>()
    const accepted = new Countdown()
    let posts = 0
    const first: Posted = { id: 'first', order: posts++ }
    await receipts.start(agents[0]?.endpoint ?? '', JSON.stringify(first))
    ledger.accepted(first)

    /** Posts to its own share of the agents, one message after the other, so that a topic's order is known. */
    const send = async (share: readonly LoadAgent[]) => {
      while (!stopped) {
        const index = below(share.length)
        const agent = share[index]
        if (agent === undefined) return
        const topic = random.fraction() < TOPIC_SHARE ? `topic${below(2)}` : undefined
        const order = posts++
        const posted: Posted = {
          id: `m${order}`,
          order,
          ...(topic && { slot: `${agent.endpoint} ${topic}` }),
        }
        const asks = random.fraction() < RECEIPT_SHARE
        const options = {
          text: JSON.stringify(posted),
          ...(topic !== undefined && { topic }),
          ...(asks && { headers: receipts.headers }),
        }
        const answer = await sender.post(agent.endpoint, options).catch(() => undefined)
        if (answer === undefined) await up.passed()
        else if (answer.status === (asks ? 202 : 201)) {
          ledger.accepted(posted)
          if (asks) receipts.accepted(answer.headers, topic !== undefined)
          if (order % COME_OR_GO_EVERY === 0) comeOrGo()
          accepted.tick()
        } else unexpected.set(answer.status, (unexpected.get(answer.status) ?? 0) + 1)
      }
    }
    const sending = Array.from({ length: SENDERS }, (_, at) =>
      send(agents.filter((_, index) => index % SENDERS === at)),
    )

    for (let kills = 0; kills < KILLS; kills++) {
      await accepted.after(1 + below(ACCEPTED_MAX))
      up.shut()
      await system.kill('SIGKILL')
      await system.restart()
      up.pass()
      for (const agent of agents) agent.want(agent.wanted).catch(failed)
    }
    await accepted.after(ACCEPTED_MAX)
    stopped = true
    await Promise.all(sending)

    for (const connected of [false, true]) await Promise.all(agents.map((agent) => agent.want(connected)))
    await within(systemClock, DRAIN_TIMEOUT_MS, ledger.complete(), () => {})
    const fetched = async () => {
      do await receipts.fetch(1)
      while (receipts.missing().length > 0)
    }
    await within(systemClock, DRAIN_TIMEOUT_MS, fetched(), () => {})
    const totals = ledger.totals()
    t.comment(`| kills | accepted | delivered | duplicates | acks | lost |`)
    t.comment(
      `| ${KILLS} | ${totals.accepted} | ${totals.delivered} | ${totals.duplicates} | ${totals.acknowledged} | ${totals.lost} |`,
    )
    t.same(ledger.missing().slice(0, 10), [], 'every accepted message arrived')
    t.same(receipts.missing().slice(0, 10), [], 'every accepted message that one was asked for has a receipt')
    t.same(receipts.wrong().slice(0, 10), [], 'which says that it was acknowledged')
    t.ok(receipts.awaited > KILLS, 'there were receipts')
    t.same([...unexpected], [], 'every answer was 201 or 202: no endpoint has become invalid')
    t.same(
      agents.flatMap(({ changed }) => changed),
      [],
      'every user agent kept its UAID',
    )
    t.same(failures, [], 'every user agent could connect')
    t.ok(totals.accepted > KILLS * 10, 'there was load')
  },
)

/** Tells when a number of things has happened. */
class Countdown {
  #left = 0
  #reached: () => void = () => {}

  after(count: number): Promise<void> {
    this.#left = count
    return new Promise((resolve) => {
      this.#reached = resolve
    })
  }

  tick(): void {
    this.#left -= 1
    if (this.#left === 0) this.#reached()
  }
}
