import type { Scenario } from './scenario.ts'

/** Subscriptions that are gone. */
export const dead: Scenario = {
  summary: 'messages to subscriptions that were ended: all must be refused with 404 or 410',
  about:
    'Application servers keep sending to subscriptions that are long gone; what does the server pay for that? Any 2xx here is a message that nobody will ever get.',
  plan: {
    agents: 500,
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { do: 'unregister' },
      { name: 'warm-up', measured: false, actions: { 'post-gone': 1 } },
      { name: 'dead', actions: { 'post-gone': 1 } },
    ],
  },
}
