import type { Scenario } from './scenario.ts'

/** A day in the life. */
export const mixed: Scenario = {
  summary: 'a realistic blend: messages of all kinds, user agents that come and go, a part of them away',
  about:
    'A third of the user agents is away at any time. As many come as leave, as many subscriptions are made as ended, so that it can go on for long. One subscription in five is not restricted to a VAPID key.',
  plan: {
    agents: 2000,
    rate: 400,
    applications: 50,
    'vapid-share': 0.8,
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { do: 'disconnect', share: 0.33 },
      { name: 'warm-up', measured: false, actions: blend() },
      { name: 'mixed', actions: blend() },
    ],
  },
}

/** Weights of what happens. */
export function blend() {
  return {
    post: 600,
    'post-urgent': 60,
    'post-topic': 100,
    'post-ttl0': 40,
    'post-offline': 80,
    'post-offline-topic': 20,
    'post-gone': 10,
    'post-bad-token': 5,
    'connect-known': 35,
    disconnect: 35,
    'connect-new': 5,
    retire: 5,
    register: 5,
    unregister: 5,
  }
}
