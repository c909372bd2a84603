import type { Scenario } from './scenario.ts'

/** One value for everybody. */
export const broadcast: Scenario = {
  summary: 'a broadcast changes, and all user agents are told (needs the admin API of Pushgrid)',
  about:
    'broadcast is the time from the PUT until a user agent is told, broadcast_last until the last one is. Needs --admin-token. With several workers each sets a broadcast of its own, for its own user agents.',
  plan: {
    agents: 3000,
    rate: 0.5,
    arrivals: 'constant',
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { name: 'broadcast', actions: { broadcast: 1 } },
    ],
  },
}
