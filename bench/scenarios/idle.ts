import type { Scenario } from './scenario.ts'

/** Hold connections that do nothing. */
export const idle: Scenario = {
  summary: 'hold registered connections that do nothing: memory and CPU time of each',
  about:
    'Name the processes of the server with --pid or --metrics: their memory before the first connection and at the end, shared out among the connections, is the figure. Take thousands of user agents, for what a process needs once is in it, too.',
  plan: {
    agents: 5000,
    phases: [{ do: 'connect', 'at-a-time': 50 }, { name: 'hold' }],
  },
}
