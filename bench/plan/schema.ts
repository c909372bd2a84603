import { type Static, type TNumber, type TOptional, type TSchema, Type } from '@sinclair/typebox'
import { ACTION_NAMES, type ActionName } from './actions.ts'
import { DURATION_EXPECTED } from './durations.ts'

/*
 * Plan files, and the flags of the same names. Each schema says in `expected` what a right value looks like, for messages and help.
 */

function whole(minimum: number, maximum: number, annotations: object = {}) {
  const expected = `a whole number from ${minimum} to ${maximum.toLocaleString('en')}`
  return Type.Integer({ minimum, maximum, expected, placeholder: 'NUMBER', ...annotations })
}

function amount(maximum: number, annotations: object = {}) {
  const expected = `a number from 0 to ${maximum.toLocaleString('en')}`
  return Type.Number({ minimum: 0, maximum, expected, placeholder: 'NUMBER', ...annotations })
}

function share(annotations: object = {}) {
  return Type.Number({
    minimum: 0,
    maximum: 1,
    expected: 'a share from 0 to 1',
    placeholder: 'SHARE',
    ...annotations,
  })
}

function duration(annotations: object = {}) {
  const pattern = '^(\\d+(\\.\\d+)?|(\\d+(\\.\\d+)?(ms|s|m|h))+)$'
  return Type.Union([Type.String({ pattern }), Type.Number({ minimum: 0 })], {
    expected: DURATION_EXPECTED,
    placeholder: 'DURATION',
    ...annotations,
  })
}

function oneOf<const T extends string>(words: readonly T[], annotations: object = {}) {
  const literals = words.map((word) => Type.Literal(word))
  return Type.Union(literals, {
    expected: `one of ${words.join(', ')}`,
    placeholder: words.join('|'),
    ...annotations,
  })
}

const arrivals = (annotations: object = {}) => oneOf(['poisson', 'constant'], annotations)
const RATE_MAX = 1_000_000

/** What holds for a whole run, in a plan file and as flags. `meaning` is what help says. */
export const SETTINGS = {
  agents: whole(1, 10_000_000, { default: 1000, meaning: 'user agents' }),
  channels: whole(1, 1000, { default: 1, meaning: 'subscriptions of each' }),
  rate: amount(RATE_MAX, { default: 500, meaning: 'arrivals a second, of all workers together' }),
  duration: duration({ default: '30s', meaning: 'how long is measured' }),
  'warm-up': duration({ default: '5s', meaning: 'load before that which is not measured' }),
  arrivals: arrivals({
    default: 'poisson',
    meaning: 'how open arrivals are spread: as of many senders who know nothing of each other, or evenly',
  }),
  closed: whole(0, 1_000_000, {
    default: 0,
    meaning:
      'closed loop: so many senders, each of which waits for its answer; 0 for open arrivals at the rate',
  }),
  body: whole(160, 65_536, { default: 1024, meaning: 'bytes of a message' }),
  ttl: whole(0, 2_592_000, { default: 600, meaning: 'seconds that a message is to be kept' }),
  'vapid-share': share({
    default: 1,
    meaning:
      'part of the subscriptions that are restricted to a VAPID key; the rest is posted to without one',
  }),
  applications: whole(1, 100_000, { default: 10, meaning: 'application servers, each with a VAPID key' }),
  topics: whole(1, 1000, { default: 4, meaning: 'topics of a subscription, for the actions with one' }),
  'connections-max': whole(1, 100_000, {
    default: 256,
    meaning:
      'HTTP connections of a worker to an origin at most; arrivals that find none free wait, and count',
  }),
  timeout: duration({ default: '30s', meaning: 'longest wait for an answer, of whatever kind' }),
  settle: duration({ default: '10s', meaning: 'longest wait at the end for messages that are still due' }),
}

const phaseBase = {
  name: Type.Optional(
    Type.String({ minLength: 1, maxLength: 60, expected: 'a name of 1 to 60 characters', default: '' }),
  ),
  measured: Type.Optional(Type.Boolean({ expected: 'true or false' })),
}

const rampable = Type.Union(
  [
    amount(RATE_MAX),
    Type.Object({ from: amount(RATE_MAX), to: amount(RATE_MAX) }, { additionalProperties: false }),
  ],
  { expected: `a number of arrivals a second, or { from: 10, to: 200 } for a ramp` },
)

const weights = Object.fromEntries(
  ACTION_NAMES.map((name) => [name, Type.Optional(amount(1_000_000))]),
) as Record<ActionName, TOptional<TNumber>>

function waiting<Kind extends string>(kind: Kind) {
  return Type.Object(
    { ...phaseBase, do: Type.Literal(kind), within: Type.Optional(duration()) },
    { additionalProperties: false },
  )
}

/** The phases there are, by what they do. */
export const PHASES = {
  load: Type.Object(
    {
      ...phaseBase,
      do: Type.Optional(Type.Literal('load')),
      duration: Type.Optional(duration()),
      rate: Type.Optional(rampable),
      arrivals: Type.Optional(arrivals()),
      closed: Type.Optional(whole(0, 1_000_000)),
      actions: Type.Optional(
        Type.Object(weights, {
          additionalProperties: false,
          expected: 'actions and their weights, like { post: 9, post-urgent: 1 }',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  connect: Type.Object(
    {
      ...phaseBase,
      do: Type.Literal('connect'),
      share: Type.Optional(share()),
      rate: Type.Optional(
        Type.Union([amount(RATE_MAX), Type.Literal('rate')], { expected: 'connects a second' }),
      ),
      'at-a-time': Type.Optional(whole(1, 100_000)),
      'at-once': Type.Optional(Type.Boolean({ expected: 'true or false' })),
      within: Type.Optional(duration()),
    },
    { additionalProperties: false },
  ),
  disconnect: Type.Object(
    {
      ...phaseBase,
      do: Type.Literal('disconnect'),
      share: Type.Optional(share()),
      how: Type.Optional(oneOf(['drop', 'close'])),
    },
    { additionalProperties: false },
  ),
  unregister: Type.Object(
    { ...phaseBase, do: Type.Literal('unregister'), share: Type.Optional(share()) },
    { additionalProperties: false },
  ),
  answers: waiting('answers'),
  drain: waiting('drain'),
} satisfies Record<string, TSchema>

/** A phase as a plan file has it. */
export type PhaseFile = { [Kind in keyof typeof PHASES]: Static<(typeof PHASES)[Kind]> }[keyof typeof PHASES]

const SettingsFile = Type.Partial(Type.Object(SETTINGS))

/** Settings as a plan file or the flags have them. */
export type SettingsFile = Static<typeof SettingsFile>

/** All of a plan file but its phases, each of which is validated by what it does. */
export const PlanFileSchema = Type.Object(
  {
    ...SettingsFile.properties,
    name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$',
        expected: '1 to 60 letters, digits, dots, dashes, underscores and spaces',
      }),
    ),
    summary: Type.Optional(Type.String({ maxLength: 500, expected: 'a sentence of at most 500 characters' })),
    phases: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: 1000,
      expected: 'a list of 1 to 1,000 phases',
    }),
  },
  { additionalProperties: false, expected: 'settings and a list of phases' },
)

/** A plan as people write it, in YAML, in JSON, or in bench/scenarios. */
export type PlanFile = SettingsFile & {
  readonly name?: string
  readonly summary?: string
  readonly phases: readonly PhaseFile[]
}
