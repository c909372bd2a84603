import t from 'tap'
import { InProcessBus } from '../cluster/in-process-bus.ts'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { type AgentReply, type AgentRequest, agentAddress } from './agent-requests.ts'
import { Checks } from './checks.ts'
import { type SessionId, type Uaid, uaidFromBytes } from './ids.ts'

const A = uaidFromBytes(new Uint8Array(16).fill(1))
const B = uaidFromBytes(new Uint8Array(16).fill(2))

function setUp(checksMax = 10) {
  const clock = new SimulatedClock()
  const bus = new InProcessBus<AgentRequest, AgentReply>({ clock, onListenerError: () => {} })
  const checks = new Checks({ checkAgainMs: 1000, checksMax }, bus, clock)
  const told: Uaid[] = []
  const putters: (SessionId | undefined)[] = []
  for (const uaid of [A, B])
    bus.listen(agentAddress(uaid), (request) => {
      told.push(uaid)
      if (request.kind === 'check') putters.push(request.from)
    })
  return { clock, checks, told, putters }
}

t.test('a hint is told at once and once more', (t) => {
  const { clock, checks, told } = setUp()
  checks.tell(agentAddress(A))
  t.strictSame(told, [A])
  clock.advance(999)
  t.strictSame(told, [A])
  clock.advance(1)
  t.strictSame(told, [A, A])
  clock.advance(10_000)
  t.strictSame(told, [A, A])
  t.end()
})

t.test('hints for one user agent share their second', (t) => {
  const { clock, checks, told } = setUp()
  checks.tell(agentAddress(A))
  clock.advance(500)
  checks.tell(agentAddress(A))
  t.equal(clock.waiting, 1)
  clock.advance(999)
  t.strictSame(told, [A, A], 'the second follows the last')
  clock.advance(1)
  t.strictSame(told, [A, A, A])
  t.end()
})

t.test('beyond the limit the second hint is left out, the first never', (t) => {
  const { clock, checks, told } = setUp(1)
  checks.tell(agentAddress(A))
  checks.tell(agentAddress(B))
  checks.tell(agentAddress(A))
  t.equal(clock.waiting, 1)
  clock.advance(1000)
  t.strictSame(told, [A, B, A, A])
  checks.tell(agentAddress(B))
  clock.advance(1000)
  t.strictSame(told, [A, B, A, A, B, B], 'and there is room again')
  t.end()
})

t.test('closing tells what waits; a put that settles later is still told of, once', (t) => {
  const { clock, checks, told } = setUp()
  checks.tell(agentAddress(A))
  checks.close()
  t.strictSame(told, [A, A])
  checks.tell(agentAddress(B))
  t.strictSame(told, [A, A, B])
  t.equal(clock.waiting, 0)
  t.end()
})

t.test('a session that has put something is not told itself, unless another one has, too', (t) => {
  const { clock, checks, putters } = setUp()
  const [one, other] = ['1111111111111111', '2222222222222222'] as [SessionId, SessionId]
  checks.tell(agentAddress(A), one)
  checks.tell(agentAddress(A), one)
  clock.advance(1000)
  t.same(putters.splice(0), [one, one, one])
  checks.tell(agentAddress(A), one)
  checks.tell(agentAddress(A), other)
  checks.tell(agentAddress(A), one)
  clock.advance(1000)
  t.same(putters.splice(0), [one, other, one, undefined])
  checks.tell(agentAddress(A))
  checks.tell(agentAddress(A), one)
  checks.close()
  t.same(putters, [undefined, one, undefined])
  t.end()
})
