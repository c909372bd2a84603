import type { Scenario } from './scenario.ts'

/** Messages that have to be kept. */
export const store: Scenario = {
  summary: 'messages to user agents that are away, then all come back and get them',
  about:
    'post_to_2xx is the time to make a message durable. drain is timed for each user agent, from when it was meant to connect until the last message that waited for it has arrived.',
  plan: {
    rate: 300,
    duration: '20s',
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { do: 'disconnect' },
      { name: 'store', actions: { 'post-offline': 1 } },
      // A slow server may still be at it: nobody comes back before that.
      { do: 'answers', measured: true },
      { name: 'come back', do: 'connect', rate: 'rate', measured: true },
      { do: 'drain', measured: true },
    ],
  },
}
