import type { ConnectPhase, Plan } from '../plan/plan.ts'
import type { BenchResult } from '../result/result.ts'

/** Whether the run is about connections that are held and do nothing: then memory is told for each of them. */
export function holdsConnections({ phases }: Plan): boolean {
  const measured = phases.filter((phase) => phase.measured)
  return measured.every((phase) => phase.do === 'load' && phase.actions.length === 0)
}

/** Whether something in it needs the admin API. */
export function needsBroadcasts({ phases }: Plan): boolean {
  return phases.some((phase) => phase.do === 'load' && phase.actions.some(([name]) => name === 'broadcast'))
}

/** The load in one sentence, from what is measured. */
export function loadOf({ phases, settings }: Plan): BenchResult['load'] {
  const loads = phases.flatMap((phase) =>
    phase.measured && phase.do === 'load' && phase.actions.length > 0 ? [phase] : [],
  )
  const closed = loads.find((phase) => phase.closed > 0)
  if (closed !== undefined)
    return {
      model: 'closed',
      arrivals: null,
      statement: `closed loop: ${closed.closed} senders, each of which waits for its answer before it sends the next message; a slow server is sent less`,
    }
  const rates = loads.map(({ rate: { from, to } }) => (from === to ? `${from}` : `${from} to ${to}`))
  const spread = settings.arrivals === 'poisson' ? 'at random (Poisson)' : 'evenly'
  const what =
    loads.length === 0
      ? connectsOf(phases)
      : `${[...new Set(rates)].join(', then ')} arrivals a second, spread ${spread}, whatever the server does`
  return {
    model: 'open',
    arrivals: settings.arrivals,
    statement: `open: ${what}; latencies count from the intended time`,
  }
}

function connectsOf(phases: Plan['phases']): string {
  const paces = phases.flatMap((phase) => (phase.do === 'connect' && phase.measured ? [phase.pace] : []))
  const words = paces.map(paceInWords)
  return words.length === 0 ? 'connections that are held' : [...new Set(words)].join(', then ')
}

function paceInWords(pace: ConnectPhase['pace']): string {
  switch (pace.kind) {
    case 'rate':
      return `${pace.perSecond} connections a second`
    case 'atATime':
      return `connections, ${pace.count} at a time`
    case 'atOnce':
      return 'all connections at once'
  }
}
