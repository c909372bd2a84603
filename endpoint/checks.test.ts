import t from 'tap'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import { type AgentReply, type AgentRequest, agentAddress } from '../push/agent-requests.ts'
import { type Uaid, uaidFromBytes } from '../push/ids.ts'
import { Checks } from './checks.ts'
import { SimulatedClock } from './fixtures/simulated-clock.ts'

const A = uaidFromBytes(new Uint8Array(16).fill(1))
const B = uaidFromBytes(new Uint8Array(16).fill(2))

function setUp(checksMax = 10) {
  const clock = new SimulatedClock()
  const bus = new InProcessBus<AgentRequest, AgentReply>({ clock, onListenerError: () => {} })
  const checks = new Checks({ checkAgainMs: 1000, checksMax }, bus, clock)
  const told: Uaid[] = []
  for (const uaid of [A, B]) bus.listen(agentAddress(uaid), () => told.push(uaid))
  return { clock, checks, told }
}

t.test('a hint is told at once and once more', async (t) => {
  const { clock, checks, told } = setUp()
  checks.tell(A)
  t.strictSame(told, [A])
  await clock.advance(999)
  t.strictSame(told, [A])
  await clock.advance(1)
  t.strictSame(told, [A, A])
  await clock.advance(10_000)
  t.strictSame(told, [A, A])
})

t.test('hints for one user agent share their second', async (t) => {
  const { clock, checks, told } = setUp()
  checks.tell(A)
  await clock.advance(500)
  checks.tell(A)
  t.equal(clock.waiting, 1)
  await clock.advance(999)
  t.strictSame(told, [A, A], 'the second follows the last')
  await clock.advance(1)
  t.strictSame(told, [A, A, A])
})

t.test('beyond the limit the second hint is left out, the first never', async (t) => {
  const { clock, checks, told } = setUp(1)
  checks.tell(A)
  checks.tell(B)
  checks.tell(A)
  t.equal(clock.waiting, 1)
  await clock.advance(1000)
  t.strictSame(told, [A, B, A, A])
  checks.tell(B)
  await clock.advance(1000)
  t.strictSame(told, [A, B, A, A, B, B], 'and there is room again')
})

t.test('closing tells what waits; a put that settles later is still told of, once', async (t) => {
  const { clock, checks, told } = setUp()
  checks.tell(A)
  checks.close()
  t.strictSame(told, [A, A])
  checks.tell(B)
  t.strictSame(told, [A, A, B])
  t.equal(clock.waiting, 0)
})
