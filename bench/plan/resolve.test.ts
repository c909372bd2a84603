import t from 'tap'
import { SCENARIOS } from '../scenarios/scenarios.ts'
import { ACTION_NAMES } from './actions.ts'
import { PlanError } from './plan-error.ts'
import { resolvePlan } from './resolve.ts'

const connect = { do: 'connect' } as const

t.test('a short plan is filled in with what help says', (t) => {
  const { settings, phases } = resolvePlan({ phases: [connect, { actions: { post: 1 } }] }, {}, 'mine')
  t.match(settings, {
    agents: 1000,
    rate: 500,
    durationMs: 30_000,
    arrivals: 'poisson',
    closed: 0,
    bodyBytes: 1024,
  })
  t.match(phases, [
    { do: 'connect', name: 'connect', measured: false, share: 1, pace: { kind: 'atATime', count: 50 } },
    {
      do: 'load',
      name: 'load',
      measured: true,
      durationMs: 30_000,
      rate: { from: 500, to: 500 },
      actions: [['post', 1]],
    },
  ])
  t.end()
})

t.test('flags win over what a plan says for the whole run, and a phase over both', (t) => {
  const file = {
    rate: 10,
    duration: '1m',
    phases: [{ actions: { post: 1 } }, { rate: { from: 1, to: 7 }, duration: 2, actions: { post: 1 } }],
  }
  const { phases } = resolvePlan(file, { rate: 99, duration: '5s' }, 'mine')
  t.match(phases, [
    { rate: { from: 99, to: 99 }, durationMs: 5000 },
    { rate: { from: 1, to: 7 }, durationMs: 2000 },
  ])
  t.end()
})

t.test('a warm-up lasts as long as warm-up says, and is left out when that is nothing', (t) => {
  const file = { phases: [{ measured: false, actions: { post: 1 } }, { actions: { post: 1 } }] }
  t.match(resolvePlan(file, { 'warm-up': '7s' }, '').phases[0], { name: 'warm-up', durationMs: 7000 })
  t.equal(resolvePlan(file, { 'warm-up': 0 }, '').phases.length, 1)
  t.end()
})

t.test('connect has one pace', (t) => {
  const paceOf = (pace: object) =>
    resolvePlan({ rate: 33, phases: [{ ...connect, measured: true, ...pace }] }, {}, '').phases[0]
  t.match(paceOf({ rate: 5 }), { pace: { kind: 'rate', perSecond: 5 } })
  t.match(paceOf({ rate: 'rate' }), { pace: { kind: 'rate', perSecond: 33 } })
  t.match(paceOf({ 'at-once': true }), { pace: { kind: 'atOnce' } })
  t.match(paceOf({ 'at-a-time': 3 }), { pace: { kind: 'atATime', count: 3 } })
  t.end()
})

t.test('what is wrong is named, with where it is, what it was and what would be right', (t) => {
  const phases = [{ actions: { post: 1 } }]
  const cases: readonly [unknown, Record<string, unknown>, RegExp][] = [
    [null, {}, /^the plan is null: must be settings and a list of phases$/],
    [[], {}, /^the plan is \[\]: must be settings/],
    [{}, {}, /^phases is missing: must be a list of 1 to 1,000 phases$/],
    [{ phases: [] }, {}, /^phases is \[\]: must be a list/],
    [{ phases: 'x' }, {}, /^phases is "x": must be a list/],
    [{ agent: 1, phases }, {}, /^agent is not known; did you mean agents\?$/],
    [{ agents: 0, phases }, {}, /^agents is 0: must be a whole number from 1 to 10,000,000$/],
    [{ agents: 1.5, phases }, {}, /^agents is 1.5: must be a whole number/],
    [{ duration: '5 parsecs', phases }, {}, /^duration is "5 parsecs": must be a duration like 30s/],
    [{ arrivals: 'random', phases }, {}, /^arrivals is "random": must be one of poisson, constant$/],
    [{ phases: ['x'] }, {}, /^phases\[0\] is "x": must be a phase, like/],
    [{ phases: [{ do: 'conect' }] }, {}, /^phases\[0\]\.do "conect" is not known; did you mean connect\?$/],
    [
      { phases: [...phases, { do: 'load', rate: 'fast' }] },
      {},
      /^phases\[1\]\.rate is "fast": must be a number of arr/,
    ],
    [
      { phases: [{ rate: { from: 1 } }] },
      {},
      /^phases\[0\]\.rate is \{"from":1\}: must be a number of arrivals/,
    ],
    [
      { phases: [{ actions: { 'post-urgant': 1 } }] },
      {},
      /actions\.post-urgant is not known; did you mean post-urgent\?$/,
    ],
    [
      { phases: [{ actions: { post: -1 } }] },
      {},
      /^phases\[0\]\.actions\.post is -1: must be a number from 0/,
    ],
    [
      { phases: [{ do: 'disconnect', how: 'softly' }] },
      {},
      /^phases\[0\]\.how is "softly": must be one of drop, close$/,
    ],
    [
      { phases: [{ do: 'disconnect', share: 2 }] },
      {},
      /^phases\[0\]\.share is 2: must be a share from 0 to 1$/,
    ],
    [
      { phases: [{ ...connect, rate: 1, 'at-once': true }] },
      {},
      /^phases\[0\] has rate and at-once: must be one of/,
    ],
    [{ phases: [{ ...connect, rate: 0 }] }, {}, /^phases\[0\]\.rate is 0: must be more/],
    [{ phases: [connect] }, {}, /^no phase is measured: give one/],
    [{ phases }, { agents: 'x' }, /^--agents is "x": must be a whole number from 1 to 10,000,000$/],
  ]
  for (const [file, flags, message] of cases)
    t.throws(() => resolvePlan(file, flags, ''), { name: 'PlanError', message })
  t.throws(() => resolvePlan({ phases: [] }, {}, ''), PlanError)
  t.end()
})

t.test('the scenarios that come with the tool are plans, and between them use every action', (t) => {
  const used = new Set<string>()
  for (const [name, { plan, summary }] of Object.entries(SCENARIOS)) {
    const { phases } = resolvePlan({ ...plan, name, summary }, {}, name)
    for (const phase of phases)
      if (phase.do === 'load') for (const [action] of phase.actions) used.add(action)
  }
  t.same([...used].sort(), [...ACTION_NAMES].sort())
  t.end()
})
