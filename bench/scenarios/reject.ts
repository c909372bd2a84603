import type { Scenario } from './scenario.ts'

/** Senders who may not send. */
export const reject: Scenario = {
  summary: 'messages with VAPID tokens that are wrong in one of six ways: all must be answered 401',
  about:
    'Expired, valid for too long, for another audience, of a wrong signature, of another key, and none at all. Whatever is not answered 401 is counted by the kind of its token.',
  plan: {
    agents: 500,
    phases: [
      { do: 'connect', 'at-a-time': 50 },
      { name: 'warm-up', measured: false, actions: { 'post-bad-token': 1 } },
      { name: 'reject', actions: { 'post-bad-token': 1 } },
    ],
  },
}
