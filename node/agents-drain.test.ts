import t from 'tap'
import { seededRandom } from '../cluster/seeded-random.ts'
import { agentAddress } from '../push/agent-requests.ts'
import { parseUaid } from '../push/ids.ts'
import { AGENTS_OPTIONS } from './agents.ts'
import { type FakeSocket, UAID, world } from './fixtures/agents-world.ts'

const NEVER = new Promise<never>(() => {})

/** User agents that are connected and past their first moment, in which nobody is closed. */
async function connected(count: number, options?: Parameters<typeof world>[0]) {
  const made = world(options)
  const random = seededRandom(9)
  const sockets: FakeSocket[] = []
  for (let index = 0; index < count; index += 1)
    sockets.push(await made.hello(parseUaid(Buffer.from(random.bytes(16)).toString('hex'))))
  await made.clock.advanceSettled(50)
  return { ...made, sockets, closed: () => sockets.filter((one) => one.closedFor === 'drained').length }
}

t.test(
  'drain lets all go in waves spread over its time, and resolves when nothing of any is left',
  async (t) => {
    const { agents, clock, sockets, closed, open, hello, ask, message } = await connected(98)
    sockets.push(open(), await hello(UAID))
    const outcome = ask(UAID, message())
    await clock.advanceSettled(50)
    let isDrained = false
    const drained = agents.drain(5000).then(() => {
      isDrained = true
    })
    for (let wave = 1; wave <= 50; wave += 1) {
      t.equal(closed(), 2 * wave, `${(wave - 1) * 100} ms`)
      t.notOk(isDrained && wave < 50)
      await clock.advanceSettled(wave < 50 ? 100 : 0)
    }
    await drained
    t.equal(agents.size, 0)
    t.equal(await outcome, 'stored')
    t.equal(clock.waiting, 0, 'no timer is left')
  },
)

t.test('a few are gone in a few waves, and nobody is waited for who has gone by himself', async (t) => {
  const few = await connected(3)
  const drained = few.agents.drain(30_000)
  await few.clock.advanceSettled(2 * 600)
  await drained
  t.equal(few.closed(), 3)

  const many = await connected(100)
  const left = many.agents.drain(30_000)
  await many.clock.advanceSettled(600)
  for (const socket of many.sockets) socket.close('peer')
  await left
  t.equal(many.closed(), 4)
  t.equal(many.clock.waiting, 0, 'no timer is left')
})

t.test('drain waits for a put that hangs no longer than its asker', async (t) => {
  const { hello, agents, clock, ask, message } = world({ store: { put: () => NEVER } })
  const socket = await hello(UAID)
  const outcome = ask(UAID, message())
  const drained = agents.drain(0)
  await clock.advanceSettled(2299)
  t.equal(socket.closedFor, undefined)
  await clock.advanceSettled(1)
  await drained
  t.equal(await outcome, 'unsaved')
  t.equal(socket.closedFor, 'drained')
})

t.test('drain of a node without connections resolves', async (t) => {
  const { agents, clock } = world()
  await agents.drain(30_000)
  t.equal(clock.waiting, 0)
})

t.test('what a session put is told again when it has gone, at the latest when the node ends', async (t) => {
  const { hello, agents, clock, ask, message, bus } = world()
  const checks: string[] = []
  const put = async () => {
    const socket = await hello(UAID)
    const outcome = ask(UAID, message())
    socket.close('peer')
    t.equal(await outcome, 'stored')
    bus.listen(agentAddress(UAID), ({ kind }) => checks.push(kind))
  }
  await put()
  await clock.advanceSettled(AGENTS_OPTIONS.checkAgainMs - 1)
  t.same(checks.splice(0), [])
  await clock.advanceSettled(1)
  t.same(checks.splice(0), ['check'])
  await put()
  checks.length = 0
  await agents.drain(30_000)
  t.same(checks, ['check', 'check'], 'both listeners')
})
