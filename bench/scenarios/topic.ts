import type { Scenario } from './scenario.ts'

/** Messages that replace each other. */
export const topic: Scenario = {
  summary: 'messages with a few topics to user agents that are away: each gets the newest of a topic only',
  about:
    'The ledger tells what was replaced. Delivered messages are at most one for each topic of each subscription; lost must be 0: the newest message of a topic has to arrive.',
  plan: {
    agents: 200,
    rate: 300,
    duration: '20s',
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { do: 'disconnect' },
      { name: 'replace', actions: { 'post-offline-topic': 1 } },
      // A slow server may still be at it: nobody comes back before that.
      { do: 'answers', measured: true },
      { name: 'come back', do: 'connect', rate: 'rate', measured: true },
      { do: 'drain', measured: true },
    ],
  },
}
