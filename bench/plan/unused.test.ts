import t from 'tap'
import { SCENARIOS } from '../scenarios/scenarios.ts'
import type { Phase } from './plan.ts'
import { resolvePlan } from './resolve.ts'
import type { PhaseFile } from './schema.ts'

/** Settings that shape phases, each with a value that no scenario has. */
const OTHER = { rate: 77, duration: '77s', 'warm-up': '77s', closed: 7, arrivals: 'constant' } as const
type PhaseSetting = keyof typeof OTHER

function unused(phases: readonly PhaseFile[], flags: object): readonly string[] {
  return resolvePlan({ phases }, { ...flags }, 'mine').unused
}

/** What a phase does; how arrivals are spread says nothing where there are none, or where they follow answers. */
function effect(phase: Phase): object {
  if (phase.do !== 'load') return phase
  const { rate: _, arrivals: __, ...rest } = phase
  if (phase.actions.length === 0) return { ...rest, closed: 0 }
  return phase.closed > 0 ? rest : phase
}

t.test('of every scenario: what changes none of its phases, and nothing else', async (t) => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const plan = { ...scenario.plan, arrivals: 'poisson' }
    const before = resolvePlan(plan, {}, name)
    for (const setting of Object.keys(OTHER) as PhaseSetting[]) {
      const after = resolvePlan(plan, { [setting]: OTHER[setting] }, name)
      const isSame = JSON.stringify(before.phases.map(effect)) === JSON.stringify(after.phases.map(effect))
      t.same(after.unused, isSame ? [setting] : [], `${name}: ${setting}`)
    }
  }
})

t.test('what only some actions use', async (t) => {
  const flags = { body: 200, ttl: 5, topics: 2, 'connections-max': 9 }
  const left = (...actions: string[]) =>
    unused([{ actions: Object.fromEntries(actions.map((name) => [name, 1])) }], flags)
  t.same(left('connect-new', 'disconnect'), ['body', 'ttl', 'topics', 'connections-max'])
  t.same(left('broadcast'), ['body', 'ttl', 'topics'])
  t.same(left('post-ttl0'), ['ttl', 'topics'])
  t.same(left('post'), ['topics'])
  t.same(left('post-offline-topic'), [])
  t.same(unused([{ actions: { 'post-topic': 0, post: 1 } }], flags), ['topics'], 'without weight')
})

t.test('a phase with its own does not use that of the run', async (t) => {
  const own = { rate: 1, duration: '1s', arrivals: 'poisson', actions: { post: 1 } } as const
  const flags = { rate: 9, duration: '9s', arrivals: 'constant', agents: 9, timeout: '9s' }
  t.same(unused([own], flags), ['rate', 'duration', 'arrivals'])
  t.same(unused([own, { actions: { post: 1 } }], flags), [], 'another one does')
  t.same(unused([{ actions: { post: 1 } }], { closed: 3, rate: 9 }), ['rate'], 'in a closed loop')
  t.same(unused([{ ...own, closed: 3 }], { closed: 5 }), ['closed'])
  t.same(unused([{ ...own, measured: false }, own], { 'warm-up': '9s' }), ['warm-up'])
  t.same(unused([own], {}), [])
})
