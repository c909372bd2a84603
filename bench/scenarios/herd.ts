import type { Scenario } from './scenario.ts'

/** What happens after a crash. */
export const herd: Scenario = {
  summary: 'all user agents lose their connection and come back at the same moment',
  about:
    'The highest hello latency is the time until all have been answered. Those that are refused try again after 1, 2, 4 and then every 8 seconds, give or take half: what a server refuses is in their time.',
  plan: {
    agents: 3000,
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { do: 'disconnect' },
      { name: 'herd', do: 'connect', 'at-once': true, measured: true, within: '5m' },
    ],
  },
}
