import type { BenchResult } from '../../result/result.ts'
import { latencyMeaning } from '../tables.ts'
import type { Figure, Line } from './figure.ts'

/** What plots over time are made from. */
interface Timeline {
  readonly xs: readonly number[]
  readonly bands: Figure['bands']
  /** A series by its name, where it has any value. */
  line(name: string, label: string, colour: number, more?: Partial<Line>): Line[]
}

/** Everything that a result knows over time. */
export function timeFigures(result: BenchResult): Figure[] {
  const timeline = timelineOf(result)
  const figures = [
    ...latencyFigures(result, timeline),
    throughput(timeline),
    errors(timeline),
    connections(timeline),
    cpu(result, timeline),
    memory(result, timeline),
    loopDelay(timeline),
  ]
  return figures.filter(({ lines }) => lines.length > 0)
}

function timelineOf({ timeline, phases, durationS }: BenchResult): Timeline {
  const startS = phases.find(({ measured }) => measured)?.fromS ?? 0
  const slots = Math.max(0, ...Object.values(timeline.series).map((values) => values.length))
  // A value belongs to the middle of its slot.
  const xs = Array.from({ length: slots }, (_, slot) => startS + (slot + 0.5) * timeline.everyS)
  const whole = { name: 'measured', fromS: startS, toS: startS + durationS, measured: true }
  return {
    xs,
    bands: phases.length > 0 ? phases : [whole],
    line(name, label, colour, more) {
      const values = timeline.series[name]
      if (values === undefined || !values.some((value) => value !== null)) return []
      return [{ label, colour, values, ...more }]
    },
  }
}

/** One for each latency that is known in more than a few slots: a single dot is no course. */
function latencyFigures({ latencies }: BenchResult, timeline: Timeline): Figure[] {
  return Object.keys(latencies).map((name) => {
    const lines = [
      ...timeline.line(`${name}.p50`, 'p50', 1),
      ...timeline.line(`${name}.p99`, 'p99', 2),
      ...timeline.line(`${name}.max`, 'max', 3, { dashed: true }),
    ]
    const known = lines[0]?.values.filter((value) => value !== null).length ?? 0
    return {
      ...overTime(`latency-${name}`, `Latency over time: ${name}`, 'ms', timeline, known > 2 ? lines : []),
      note: `${latencyMeaning(name)}; counted from when it was meant to be sent, at the second in which it ended.`,
      scale: 'log' as const,
    }
  })
}

function throughput(timeline: Timeline): Figure {
  return {
    ...overTime('throughput', 'Throughput', 'perS', timeline, [
      ...timeline.line('intended', 'intended', 4, { dashed: true }),
      ...timeline.line('posted', 'posted', 6, { dashed: true }),
      ...timeline.line('accepted', 'accepted', 2),
      ...timeline.line('delivered', 'delivered', 1),
    ]),
    note: 'A server that keeps up shows one line. Delivered below accepted: messages wait. Accepted below posted: it refuses, or does not answer yet.',
  }
}

function errors(timeline: Timeline): Figure {
  return {
    ...overTime('errors', 'Errors a second', 'perS', timeline, timeline.line('errors', 'errors', 2)),
    note: 'Refused or reset connections, time-outs and answers that are no success. Their kinds are in the table of answers.',
  }
}

function connections(timeline: Timeline): Figure {
  return {
    ...overTime('connections', 'Connections', 'count', timeline, [
      ...timeline.line('connected', 'connected', 1),
      ...timeline.line('connects', 'connects a second', 3, { dashed: true }),
    ]),
    note: 'User agents whose hello was answered, and how many came each second.',
  }
}

function cpu({ processes }: BenchResult, timeline: Timeline): Figure {
  return {
    ...overTime('cpu', 'CPU', 'cores', timeline, [
      ...processes.flatMap(({ name }, index) => timeline.line(`${name}.cpu`, name, slot(index))),
      ...timeline.line('generator.cpu', 'load generator', 6, { dashed: true }),
    ]),
    note: 'Cores in use. A load generator near one core for each of its workers measures itself.',
  }
}

function memory({ processes }: BenchResult, timeline: Timeline): Figure {
  return {
    ...overTime('memory', 'Memory', 'bytes', timeline, [
      ...processes.flatMap(({ name }, index) => timeline.line(`${name}.rssBytes`, name, slot(index))),
      ...timeline.line('generator.rssBytes', 'load generator', 6, { dashed: true }),
    ]),
    note: 'Resident memory. In a soak it has to level off.',
  }
}

function loopDelay(timeline: Timeline): Figure {
  return {
    ...overTime('loop-delay', 'Event-loop delay of the load generator', 'ms', timeline, [
      ...timeline.line('generator.loopDelayMs', 'loop delay', 6),
    ]),
    note: 'How late the generator itself was. What it is late is in every latency of that second.',
  }
}

function overTime(
  id: string,
  title: string,
  unit: Figure['unit'],
  { xs, bands }: Timeline,
  lines: readonly Line[],
): Figure {
  return { id, title, note: '', x: 'seconds', xs, unit, scale: 'linear', lines, bands }
}

/** Colours of processes: all but the one of the generator. */
function slot(index: number): number {
  return (index % 5) + 1
}
