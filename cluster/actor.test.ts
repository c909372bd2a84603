import t from 'tap'
import { Actor, type ActorKind, type Instant, type Offered } from './actor.ts'
import { SimulatedClock } from './simulated-clock.ts'

/** A behaviour that logs its inputs and asks for the effects written in them. */
interface Input {
  readonly name: string
  readonly effects?: readonly Effect[]
  readonly throws?: Error
}
type Effect = (actor: Actor<State, Input, Effect>) => void
interface State {
  readonly log: string[]
  readonly instants: Instant[]
}

function kind(overrides: Partial<ActorKind<State, Input, Effect>> = {}) {
  const failures: unknown[] = []
  const clock = new SimulatedClock()
  const made: ActorKind<State, Input, Effect> = {
    clock,
    step: (state, input, now) => {
      state.log.push(input.name)
      state.instants.push(now)
      if (input.throws) throw input.throws
      return input.effects ?? []
    },
    mailboxMax: 10,
    ...overrides,
  }
  const actor = () => {
    const host = {
      perform: (effect: Effect) => effect(one),
      failed: (error: unknown) => {
        failures.push(error)
      },
    }
    const one: Actor<State, Input, Effect> = new Actor<State, Input, Effect>(made, host, {
      log: [],
      instants: [],
    })
    return one
  }
  return { made, clock, failures, actor }
}

t.test('an input is handled at once, at the moment the clock tells', (t) => {
  const { actor, clock } = kind()
  const one = actor()
  clock.advance(30)
  t.equal(one.offer({ name: 'a' }), 'accepted')
  t.same(one.state.log, ['a'])
  t.same(one.state.instants, [{ wallMs: clock.nowMs(), monotonicMs: 30 }])
  t.end()
})

t.test('inputs offered by effects wait until all effects of the current one are done, in order', (t) => {
  const { actor } = kind()
  const one = actor()
  const offered: Offered[] = []
  const note = (text: string): Effect => {
    return (self) => self.state.log.push(text)
  }
  const offer = (input: Input): Effect => {
    return (self) => offered.push(self.offer(input))
  }
  one.offer({
    name: 'a',
    effects: [
      note('a 1'),
      offer({ name: 'b', effects: [offer({ name: 'd' }), note('b 1')] }),
      note('a 2'),
      offer({ name: 'c' }),
      note('a 3'),
    ],
  })
  t.same(one.state.log, ['a', 'a 1', 'a 2', 'a 3', 'b', 'b 1', 'c', 'd'])
  t.same(offered, ['accepted', 'accepted', 'accepted'])
  t.equal(one.offer({ name: 'e' }), 'accepted')
  t.equal(one.state.log.at(-1), 'e', 'idle again afterwards')
  t.end()
})

t.test('a mailbox that is full refuses; it has room again later', (t) => {
  const { actor } = kind({ mailboxMax: 2 })
  const one = actor()
  const offered: Offered[] = []
  const flood: Effect = (self) => {
    for (const name of ['b', 'c', 'd']) offered.push(self.offer({ name }))
  }
  one.offer({ name: 'a', effects: [flood] })
  t.same(offered, ['accepted', 'accepted', 'full'])
  t.same(one.state.log, ['a', 'b', 'c'])
  one.offer({ name: 'e', effects: [flood] })
  t.same(one.state.log, ['a', 'b', 'c', 'e', 'b', 'c'])
  t.end()
})

t.test('a behaviour that throws ends its actor, reported once, and harms no other', (t) => {
  const { actor, failures } = kind()
  const [one, other] = [actor(), actor()]
  const defect = new Error('a defect')
  one.offer({
    name: 'a',
    effects: [(self) => self.offer({ name: 'b', throws: defect }), (self) => self.offer({ name: 'c' })],
  })
  t.same(failures, [defect])
  t.same(one.state.log, ['a', 'b'], 'what waited is dropped')
  t.equal(one.ended, true)
  t.equal(one.offer({ name: 'd' }), 'ended')
  t.equal(other.offer({ name: 'a' }), 'accepted')
  t.equal(other.ended, false)
  t.end()
})

t.test('an effect that throws ends its actor; the effects after it are not performed', (t) => {
  const { actor, failures } = kind()
  const one = actor()
  const defect = new Error('a defect')
  const throwing: Effect = () => {
    throw defect
  }
  one.offer({ name: 'a', effects: [throwing, (self) => self.state.log.push('after')] })
  t.same(failures, [defect])
  t.same(one.state.log, ['a'])
  t.equal(one.ended, true)
  t.end()
})

t.test('an actor that ends itself still performs the effects that follow, and takes nothing more', (t) => {
  const { actor, failures } = kind()
  const one = actor()
  const offered: Offered[] = []
  one.offer({
    name: 'a',
    effects: [
      (self) => self.offer({ name: 'waiting' }),
      (self) => self.end(),
      (self) => offered.push(self.offer({ name: 'late' })),
      (self) => self.state.log.push('last effect'),
    ],
  })
  t.same(one.state.log, ['a', 'last effect'])
  t.same(offered, ['ended'])
  t.equal(one.offer({ name: 'b' }), 'ended')
  t.same(failures, [])
  t.end()
})
