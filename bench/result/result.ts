import { type Static, Type } from '@sinclair/typebox'

/** Raised when a reader of the former format could not understand a result any more. */
export const RESULT_FORMAT = 1

/** What is timed, each from the time its request was *meant* to be sent (`intended`) and from when it was sent (`service`). */
export const LATENCIES = {
  post_to_2xx: 'POST until its answer, if that is 2xx',
  post_to_refusal: 'POST until its answer, if that is not 2xx',
  post_to_notification: 'POST until the notification arrives at a user agent that was connected at both',
  hello: 'hello until its answer, with the time to connect',
  register: 'register until its answer',
  drain: 'hello until the last message that waited has arrived',
  broadcast: 'PUT of a broadcast until it arrives at a user agent',
  broadcast_last: 'PUT of a broadcast until it has arrived at all user agents',
} as const

/** Name of a latency, as thresholds and reports write it. */
export type LatencyName = keyof typeof LATENCIES

const Count = Type.Integer({ minimum: 0 })

/** Percentiles in milliseconds for readers of the JSON, and the histogram itself, which merges exactly. */
export const DistributionSchema = Type.Object({
  count: Count,
  minMs: Type.Number(),
  meanMs: Type.Number(),
  maxMs: Type.Number({ description: 'exact, whatever the resolution of the histogram' }),
  percentilesMs: Type.Record(Type.String(), Type.Number(), {
    description: 'by name: p50, p75, p90, p95, p99, p99.9, p99.99',
  }),
  histogram: Type.String({ description: 'HdrHistogram V2 of microseconds, compressed, base64' }),
})

const LatencySchema = Type.Object({ intended: DistributionSchema, service: DistributionSchema })

const LedgerSchema = Type.Object(
  {
    posted: Count,
    accepted: Type.Integer({ minimum: 0, description: 'answered 2xx' }),
    delivered: Type.Integer({ minimum: 0, description: 'accepted messages that arrived at least once' }),
    acknowledged: Count,
    duplicated: Type.Integer({ minimum: 0, description: 'arrivals beyond the first of each message' }),
    outOfOrder: Type.Integer({
      minimum: 0,
      description:
        'first arrivals after a message of the same channel that was accepted before it was posted',
    }),
    late: Type.Integer({ minimum: 0, description: 'arrivals after the end of the TTL' }),
    replaced: Type.Integer({
      minimum: 0,
      description:
        'accepted, not delivered, and rightly so: a newer message of the topic, or the end of the TTL',
    }),
    unrequested: Type.Integer({
      minimum: 0,
      description: 'arrivals of what was refused (4xx), or never sent',
    }),
    lost: Type.Integer({ minimum: 0, description: 'accepted, due, and never arrived' }),
    lostIds: Type.Array(Type.String(), { description: 'the first thousand' }),
  },
  { description: 'what became of each message' },
)

const TimelineSchema = Type.Object(
  {
    everyS: Type.Number({ description: 'width of a slot in seconds; the first begins with the measurement' }),
    series: Type.Record(Type.String(), Type.Array(Type.Union([Type.Number(), Type.Null()])), {
      description:
        'a value a slot; rates a second: posted, accepted, delivered, errors, connects; percentiles in ms: NAME.p50, NAME.p99, NAME.max of each latency; connected; PROCESS.cpu (cores) and PROCESS.rssBytes; generator.cpu, generator.loopDelayMs',
    }),
  },
  { description: 'columns for plots' },
)

const ProcessSchema = Type.Object(
  {
    name: Type.String(),
    source: Type.Union([Type.Literal('pid'), Type.Literal('metrics')]),
    cpuS: Type.Number({ description: 'CPU time in the measurement, all threads' }),
    cpuUsPerDelivered: Type.Union([Type.Number(), Type.Null()]),
    rssStartBytes: Count,
    rssEndBytes: Count,
    rssMaxBytes: Count,
    rssBytesPerConnection: Type.Union([Type.Number(), Type.Null()], {
      description: 'growth from before the first connection to the end, where a scenario holds connections',
    }),
  },
  { description: 'a process of the server under measurement' },
)

const GeneratorSchema = Type.Object(
  {
    workers: Type.Array(
      Type.Object({
        name: Type.String(),
        cpuS: Type.Number(),
        cpuShare: Type.Number({ description: 'highest share of one core in any second' }),
        loopDelayP99Ms: Type.Number(),
        rssMaxBytes: Count,
        lostAtS: Type.Optional(Type.Number({ description: 'when it stopped without having been told to' })),
        knownToS: Type.Optional(
          Type.Number({
            description: 'until when one that stopped had told what it found out; missing: never',
          }),
        ),
      }),
    ),
    cpuUsPerDelivered: Type.Union([Type.Number(), Type.Null()]),
    saturated: Type.Boolean({
      description: 'the generator was the bottleneck: its figures are not the server’s',
    }),
  },
  { description: 'the load generator itself' },
)

const PhaseSchema = Type.Object({
  name: Type.String(),
  fromS: Type.Number({ description: 'seconds since the start of the run' }),
  toS: Type.Number(),
  measured: Type.Boolean({ description: 'false for warming up' }),
})

/** Everything that a run of `pushgrid bench` found out; reports, comparisons and thresholds are made from this alone. */
export const ResultSchema = Type.Object(
  {
    format: Type.Literal(RESULT_FORMAT),
    tool: Type.Object({
      version: Type.String(),
      node: Type.String(),
      platform: Type.String(),
      cpus: Type.String({ description: 'number and model' }),
    }),
    label: Type.String({ description: 'what the user calls what was measured' }),
    scenario: Type.Object({
      name: Type.String(),
      summary: Type.String(),
      options: Type.Record(Type.String(), Type.Unknown(), { description: 'as they were in effect' }),
      seed: Type.Integer(),
    }),
    target: Type.Object({
      wsUrl: Type.String(),
      endpointOrigin: Type.Union([Type.String(), Type.Null()]),
      server: Type.Union([Type.String(), Type.Null()], { description: 'what it says of itself, if it does' }),
    }),
    load: Type.Object({
      model: Type.Union([Type.Literal('open'), Type.Literal('closed')]),
      arrivals: Type.Union([Type.Literal('poisson'), Type.Literal('constant'), Type.Null()]),
      statement: Type.String({ description: 'the load in one sentence' }),
    }),
    startedAt: Type.String({ description: 'ISO 8601' }),
    durationS: Type.Number({ description: 'of the measured phases' }),
    phases: Type.Array(PhaseSchema),
    warnings: Type.Array(Type.Object({ code: Type.String(), text: Type.String() })),
    generator: GeneratorSchema,
    latencies: Type.Record(Type.String(), LatencySchema, { description: 'by name, those that occurred' }),
    rates: Type.Record(Type.String(), Type.Number(), {
      description: 'a second, over the measurement: posted, accepted, delivered, connected',
    }),
    statuses: Type.Record(Type.String(), Count, { description: 'answers to POSTs by status; 0: none came' }),
    errnos: Type.Record(Type.String(), Count),
    errors: Type.Record(Type.String(), Count, { description: 'failures that are no HTTP answer, by kind' }),
    counts: Type.Record(Type.String(), Count, { description: 'whatever else a scenario counts' }),
    ledger: LedgerSchema,
    processes: Type.Array(ProcessSchema),
    timeline: TimelineSchema,
    thresholds: Type.Array(
      Type.Object({
        expression: Type.String(),
        value: Type.Union([Type.Number(), Type.Null()]),
        ok: Type.Boolean(),
      }),
    ),
  },
  { $id: 'pushgrid-bench-result', title: 'Result of pushgrid bench' },
)

/** See {@link ResultSchema}. */
export type BenchResult = Static<typeof ResultSchema>

/** Of one thing that was timed. */
export type Distribution = Static<typeof DistributionSchema>
