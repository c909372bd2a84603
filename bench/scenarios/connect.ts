import type { Scenario } from './scenario.ts'

/** A storm of connections. */
export const connect: Scenario = {
  summary: 'user agents connect at a rate: first as new ones, then as ones that are known',
  about:
    'hello is timed from when a connection was meant to be opened until hello is answered; new user agents register their channels as well. A connection that is refused is tried again, and its time runs on. --rate is that of connections.',
  plan: {
    agents: 3000,
    rate: 200,
    phases: [
      { name: 'new', do: 'connect', rate: 'rate', measured: true },
      { do: 'disconnect' },
      { name: 'known', do: 'connect', rate: 'rate', measured: true },
    ],
  },
}
