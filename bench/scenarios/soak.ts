import { blend } from './mixed.ts'
import type { Scenario } from './scenario.ts'

/** The same for hours. */
export const soak: Scenario = {
  summary: 'the blend of `mixed` for hours: does memory stay where it is, and is nothing lost?',
  about:
    'Name the processes of the server with --pid or --metrics: their memory over time is what this is for. --duration says how long; Ctrl+C ends it early, with a result.',
  plan: {
    agents: 2000,
    rate: 200,
    applications: 50,
    'vapid-share': 0.8,
    duration: '8h',
    'warm-up': '5m',
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { do: 'disconnect', share: 0.33 },
      { name: 'warm-up', measured: false, actions: blend() },
      { name: 'soak', actions: blend() },
    ],
  },
}
