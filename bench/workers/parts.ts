import { Samples } from '../measure/samples.ts'
import type { SelfSample } from '../measure/self.ts'
import { endConnections, updateTimeline } from '../measure/timeline.ts'
import type { WorkerPart } from './messages.ts'

/** What is known of a worker from the parts that have come, the last of which is this one. */
export function updatePart(before: WorkerPart | undefined, part: WorkerPart): WorkerPart {
  if (before === undefined) return part
  const timeline = updateTimeline(before.measurements.timeline, part.measurements.timeline)
  const samples = new Samples<SelfSample>()
  const lastS = before.self.samples.at(-1)?.atS ?? Number.NEGATIVE_INFINITY
  // One that was not known to have arrived is told again.
  const added = part.self.samples.filter(({ atS }) => atS > lastS)
  for (const sample of [...before.self.samples, ...added]) samples.add(sample)
  return {
    ...part,
    measurements: { ...part.measurements, timeline },
    self: { ...part.self, samples: samples.all },
  }
}

/** What a worker found out that will tell no more: its connections have ended with it. */
export function lastPart(part: WorkerPart): WorkerPart {
  const { measurements } = part
  return { ...part, measurements: { ...measurements, timeline: endConnections(measurements.timeline) } }
}
