import type { Unit } from '../../../../bench/report/units.ts'
import type { Labels } from './counters.ts'
import type { Values } from './history.ts'
import type { ShownMetric } from './metrics.ts'
import { gaugeOf, gaugeSum, type Moment, quantiles } from './moment.ts'
import { OUTCOME_COLOURS, OUTCOME_WORDS, OUTCOMES, outcomeOf } from './outcomes.ts'

/** A line that a plot always has. */
export interface FixedLine {
  readonly key: string
  readonly label: string
  /** Number of its colour in the palette, from 1. */
  readonly colour: number
  readonly dashed?: boolean
}

/** What a plot is made of. */
export interface PlotDefinition {
  readonly id: string
  readonly title: string
  readonly note: string
  readonly unit: Unit
  /** Whether it may be seen on a logarithmic scale, and is at first. */
  readonly hasLog: boolean
  /** Its lines where they are known; else those that there are, and what the ones together are that have no place of their own. */
  readonly lines: readonly FixedLine[] | { readonly others: 'sum' | 'max'; readonly areProcesses?: boolean }
  /** The values of one moment, by the key of the line. */
  readonly read: (moment: Moment) => Values
}

/** All plots, in the order in which they are shown. */
export const PLOTS: readonly PlotDefinition[] = [
  {
    id: 'connections',
    title: 'User agents',
    note: 'Websockets, and those of them whose user agent has yet to say hello.',
    unit: 'count',
    hasLog: false,
    lines: [
      { key: 'connected', label: 'connected', colour: 1 },
      { key: 'hellos', label: 'still connecting', colour: 2, dashed: true },
    ],
    read: (moment) =>
      new Map([
        ['connected', gaugeSum(moment, 'pushgrid_connections')],
        ['hellos', gaugeSum(moment, 'pushgrid_hellos')],
      ]),
  },
  {
    id: 'messages',
    title: 'Messages, by what became of them',
    note: 'Delivered: acknowledged while the sender waited. Dropped: TTL 0 and not connected.',
    unit: 'perS',
    hasLog: false,
    lines: [
      { key: 'accepted', label: 'accepted', colour: 6, dashed: true },
      ...OUTCOMES.map((key) => ({ key, label: OUTCOME_WORDS[key], colour: OUTCOME_COLOURS[key] })),
    ],
    read: messageRates,
  },
  {
    id: 'latency',
    title: 'From POST to 2xx and to ack',
    note: 'Estimated within the buckets of /metrics, of which the lowest ends at 1 ms and the highest at 5 s.',
    unit: 's',
    hasLog: true,
    lines: [
      { key: '2xx p50', label: '2xx p50', colour: 1 },
      { key: '2xx p99', label: '2xx p99', colour: 1, dashed: true },
      { key: 'ack p50', label: 'ack p50', colour: 2 },
      { key: 'ack p99', label: 'ack p99', colour: 2, dashed: true },
    ],
    read: latencies,
  },
  {
    id: 'refusals',
    title: 'Refused requests',
    note: 'Status and errno, as in the answers to senders.',
    unit: 'perS',
    hasLog: false,
    lines: { others: 'sum' },
    read: ({ window }) =>
      window.rates('pushgrid_http_failures_total', ({ status, errno }) => `${status} errno ${errno}`),
  },
  {
    id: 'store-rate',
    title: 'Store operations',
    note: 'However they ended.',
    unit: 'perS',
    hasLog: false,
    lines: { others: 'sum' },
    read: ({ window }) => window.rates('pushgrid_store_seconds_count', operationOf),
  },
  {
    id: 'store-p99',
    title: 'Store operations, p99',
    note: '99 of 100 take less; estimated within buckets, too.',
    unit: 's',
    hasLog: true,
    lines: { others: 'max' },
    read: (moment) => durations(moment, 'pushgrid_store_seconds', 0.99, operationOf),
  },
  {
    id: 'store-failures',
    title: 'Failures of the store',
    note: 'Which operation, and with what: the store is down, it is full, or a defect.',
    unit: 'perS',
    hasLog: false,
    lines: { others: 'sum' },
    read: ({ window }) =>
      window.rates('pushgrid_store_failures_total', ({ operation, failure }) => `${operation} ${failure}`),
  },
  {
    id: 'waiting',
    title: 'What waits',
    note: 'Notifications for their acknowledgement, requests for their answer, operations for their turn in the store.',
    unit: 'count',
    hasLog: false,
    lines: [
      { key: 'notifications', label: 'not acknowledged', colour: 1 },
      { key: 'requests', label: 'requests under way', colour: 2 },
      { key: 'store', label: 'for the store', colour: 3 },
    ],
    read: (moment) =>
      new Map([
        ['notifications', gaugeSum(moment, 'pushgrid_notifications_in_flight')],
        ['requests', gaugeSum(moment, 'pushgrid_requests_under_way')],
        ['store', gaugeSum(moment, 'pushgrid_store_waiting')],
      ]),
  },
  {
    id: 'closes',
    title: 'Websockets that ended',
    note: 'Why, and the close code; peer: by the user agent or the network.',
    unit: 'perS',
    hasLog: false,
    lines: { others: 'sum' },
    read: closeRates,
  },
  {
    id: 'cpu',
    title: 'CPU',
    note: 'Percent of one core, for each process.',
    unit: 'percent',
    hasLog: false,
    lines: { others: 'max', areProcesses: true },
    read: ({ present }) =>
      new Map(
        present.flatMap(({ figures, window }) => {
          const rate = window.rates('process_cpu_seconds_total', () => 'all').get('all')
          return rate === undefined ? [] : [[figures.process, rate * 100] as const]
        }),
      ),
  },
  {
    id: 'memory',
    title: 'Memory',
    note: 'Resident, of each process.',
    unit: 'bytes',
    hasLog: false,
    lines: { others: 'max', areProcesses: true },
    read: (moment) => ofEach(moment, 'process_resident_memory_bytes'),
  },
  {
    id: 'lag',
    title: 'Delay of the event loop',
    note: '99 of 100 turns in each second take less. An idle process shows 10 ms or so: that is how finely it is measured.',
    unit: 's',
    hasLog: false,
    lines: { others: 'max', areProcesses: true },
    read: (moment) => ofEach(moment, 'nodejs_eventloop_lag_p99_seconds'),
  },
]

function messageRates({ window }: Moment): Values {
  if (window.seconds <= 0) return new Map()
  const rates = window.rates('pushgrid_messages_total', outcomeOf)
  const all = OUTCOMES.map((outcome) => [outcome, rates.get(outcome) ?? 0] as const)
  const accepted = all.reduce((sum, [outcome, rate]) => (outcome === 'refused' ? sum : sum + rate), 0)
  return new Map<string, number>([['accepted', accepted], ...all])
}

function latencies(moment: Moment): Values {
  const values = new Map<string, number>()
  for (const [name, histogram] of [
    ['2xx', 'pushgrid_post_to_2xx_seconds'],
    ['ack', 'pushgrid_post_to_ack_seconds'],
  ] as const)
    for (const percent of [50, 99]) {
      const value = durations(moment, histogram, percent / 100, () => 'all').get('all')
      if (value !== undefined) values.set(`${name} p${percent}`, value)
    }
  return values
}

function durations(
  moment: Moment,
  histogram: ShownMetric,
  q: number,
  groupOf: (labels: Labels) => string | undefined,
): Values {
  return new Map(Array.from(quantiles(moment, histogram, q, groupOf), ([group, { value }]) => [group, value]))
}

/** Those that were let go, and those that were not let in. */
function closeRates({ window }: Moment): Values {
  return new Map([
    ...window.rates('pushgrid_closes_total', ({ reason, code }) => `${reason} ${code}`),
    ...window.rates('pushgrid_upgrades_refused_total', () => 'refused 503'),
  ])
}

function ofEach({ present }: Moment, name: ShownMetric): Values {
  return new Map(
    present.flatMap(({ figures }) => {
      const value = gaugeOf(figures, name)
      return value === undefined ? [] : [[figures.process, value] as const]
    }),
  )
}

function operationOf({ operation }: Labels): string {
  return String(operation)
}
