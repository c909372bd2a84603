import type { Scenario } from './scenario.ts'

/** The usual thing. */
export const direct: Scenario = {
  summary: 'messages to connected user agents: time to 2xx and to the notification',
  about:
    'Each message goes to a user agent that is connected, drawn at random. Raise --rate until the latencies rise: that is where the server is full, unless the report says that the generator was.',
  plan: {
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { name: 'warm-up', measured: false, actions: { post: 1 } },
      { name: 'direct', actions: { post: 1 } },
    ],
  },
}
