import t from 'tap'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import { SimulatedClock, settled } from '../cluster/simulated-clock.ts'
import { type AgentReply, type AgentRequest, agentAddress } from '../push/agent-requests.ts'
import { Checks } from '../push/checks.ts'
import { PushError } from '../push/errors.ts'
import { sessionIdFromBytes } from '../push/ids.ts'
import { endChannel } from './end-channel.ts'
import { CHANNEL, UAID } from './fixtures/agents-world.ts'
import { storeOf } from './fixtures/store-double.ts'

const SESSION = sessionIdFromBytes(new Uint8Array(8).fill(1))
const PUT_TIMEOUT_MS = 2000
const AGAIN_MS = 1000

/** A session ends a channel; the test says when and how the store has done it. */
function setUp() {
  const clock = new SimulatedClock()
  const bus = new InProcessBus<AgentRequest, AgentReply>({ clock, onListenerError: () => {} })
  const told: AgentRequest[] = []
  bus.listen(agentAddress(UAID), (request) => told.push(request))
  const channelHints = new Checks({ checkAgainMs: AGAIN_MS, checksMax: 10 }, bus, clock, 'channels')
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined
  const store = storeOf({
    unregister: () => new Promise<void>((resolve, reject) => (settle = { resolve, reject })),
  })
  const done = endChannel(
    { store, clock, channelHints, putTimeoutMs: PUT_TIMEOUT_MS },
    SESSION,
    UAID,
    CHANNEL,
  )
  if (settle === undefined) throw new Error('the store was not asked')
  return { clock, told, ended: settle, done }
}

t.test('when a channel has ended all other sessions are told, twice', async (t) => {
  const { clock, told, ended, done } = setUp()
  await settled()
  t.same(told, [], 'not before')
  ended.resolve()
  await done
  const hint = { kind: 'channels', from: SESSION }
  t.same(told, [hint])
  clock.advance(AGAIN_MS)
  t.same(told, [hint, hint])
})

t.test('when it failed nobody knows, and it rejects', async (t) => {
  const { told, ended, done } = setUp()
  ended.reject(new PushError('storeDown', 'a test'))
  await t.rejects(done, { code: 'storeDown' })
  t.same(told, [{ kind: 'channels' }])
})

t.test('when it comes too late the session itself has given up waiting', async (t) => {
  const { clock, told, ended, done } = setUp()
  clock.advance(PUT_TIMEOUT_MS)
  ended.resolve()
  await done
  t.same(told, [{ kind: 'channels' }])
})
