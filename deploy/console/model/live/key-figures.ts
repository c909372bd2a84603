import { NOTHING, quantity, tick } from '../../../../bench/report/units.ts'
import type { Level } from './health.ts'
import type { ShownMetric } from './metrics.ts'
import { gaugeSum, type Moment, quantiles, rateSum } from './moment.ts'
import { OUTCOME_COLOURS, OUTCOME_WORDS, OUTCOMES, outcomeOf } from './outcomes.ts'
import type { Quantile } from './quantile.ts'

/** One of the figures that are seen first, as texts. */
export interface KeyFigure {
  readonly id: string
  readonly label: string
  /** The figure itself; several where they only say something together. */
  readonly values: readonly NamedValue[]
  /** What belongs to it, smaller. */
  readonly notes: readonly Note[]
  /** The plot and the line whose course is drawn beside it. */
  readonly course?: { readonly plot: string; readonly line: string }
  /** Parts of a whole, for a bar; 0 to 1 each. */
  readonly parts?: readonly Part[]
}

/** A value of a figure, and which of them it is. */
export interface NamedValue {
  readonly name?: string
  readonly text: string
}

/** A note, and whether it is good news. */
export interface Note {
  readonly text: string
  readonly level?: Level
}

/** A part of a whole, with the number of its colour. */
export interface Part {
  readonly name: string
  readonly share: number
  readonly text: string
  readonly colour: number
}

/** The figures that are seen first. */
export function keyFigures(moment: Moment): KeyFigure[] {
  return [
    connections(moment),
    accepted(moment),
    outcomes(moment),
    latency(moment, 'post-to-2xx', 'From POST to 2xx', 'pushgrid_post_to_2xx_seconds'),
    latency(moment, 'post-to-ack', 'From POST to ack', 'pushgrid_post_to_ack_seconds'),
    store(moment),
    inFlight(moment),
  ]
}

function connections(moment: Moment): KeyFigure {
  const hellos = gaugeSum(moment, 'pushgrid_hellos')
  return {
    id: 'connections',
    label: 'User agents connected',
    values: [{ text: quantity(gaugeSum(moment, 'pushgrid_connections'), 'count') }],
    notes: [{ text: hellos > 0 ? `${quantity(hellos, 'count')} still connecting` : 'none still connecting' }],
    course: { plot: 'connections', line: 'connected' },
  }
}

function accepted(moment: Moment): KeyFigure {
  const rates = moment.window.rates('pushgrid_messages_total', outcomeOf)
  const refused = rates.get('refused') ?? 0
  const sum = ['delivered', 'stored', 'dropped'].reduce((all, each) => all + (rates.get(each) ?? 0), 0)
  const level = refused > 0 ? ({ level: 'warn' } as const) : {}
  return {
    id: 'accepted',
    label: 'Messages accepted',
    values: [{ text: moment.window.seconds > 0 ? perSecond(sum) : NOTHING }],
    notes: [{ text: refused > 0 ? `refused ${perSecond(refused)}` : 'none refused', ...level }],
    course: { plot: 'messages', line: 'accepted' },
  }
}

/** Shares of what became of messages; none while none are posted. */
function outcomes({ window }: Moment): KeyFigure {
  const sums = window.sums('pushgrid_messages_total', outcomeOf)
  const all = [...sums.values()].reduce((sum, count) => sum + count, 0)
  const parts = OUTCOMES.map((outcome) => {
    const share = all > 0 ? (sums.get(outcome) ?? 0) / all : 0
    const text = all > 0 ? quantity(100 * share, 'percent') : NOTHING
    return { name: OUTCOME_WORDS[outcome], share, text, colour: OUTCOME_COLOURS[outcome] }
  })
  return { id: 'outcomes', label: 'What became of them', values: [], notes: [], parts }
}

function latency(moment: Moment, id: string, label: string, histogram: ShownMetric): KeyFigure {
  const at = (q: number) => durationText(quantiles(moment, histogram, q, () => 'all').get('all'))
  return {
    id,
    label,
    values: [
      { name: 'p50', text: at(0.5) },
      { name: 'p99', text: at(0.99) },
    ],
    notes: [],
  }
}

function store(moment: Moment): KeyFigure {
  const failures = rateSum(moment, 'pushgrid_store_failures_total') ?? 0
  const p99 = quantiles(moment, 'pushgrid_store_seconds', 0.99, () => 'all').get('all')
  const operations = rateSum(moment, 'pushgrid_store_seconds_count')
  return {
    id: 'store',
    label: 'Store operations',
    values: [
      { text: operations === undefined ? NOTHING : perSecond(operations) },
      { name: 'p99', text: durationText(p99) },
    ],
    notes: [failures > 0 ? { text: `${perSecond(failures)} fail`, level: 'bad' } : { text: 'none fail' }],
  }
}

function inFlight(moment: Moment): KeyFigure {
  const number = (name: ShownMetric) => quantity(gaugeSum(moment, name), 'count')
  return {
    id: 'in-flight',
    label: 'Not acknowledged yet',
    values: [{ text: number('pushgrid_notifications_in_flight') }],
    notes: [
      { text: `${number('pushgrid_requests_under_way')} requests under way` },
      { text: `${number('pushgrid_store_waiting')} wait for the store` },
    ],
  }
}

/** A duration; where it is above the highest bound that is known, it says so. */
export function durationText(duration: Quantile | undefined): string {
  if (duration === undefined) return NOTHING
  const text = quantity(duration.value, 's')
  return duration.isBeyond ? `> ${tick(duration.value, 's')}` : text
}

function perSecond(rate: number): string {
  return tick(rate, 'perS')
}
