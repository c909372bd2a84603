import type { Store } from '../store/store.ts'

/** An empty store for tests, at which some operations are carried out by the test itself. */
export function storeOf(operations: Partial<Store>): Store {
  return {
    connect: async () => undefined,
    touch: async () => {},
    register: async () => {},
    unregister: async () => {},
    channelStatus: async () => ({ outcome: 'agentGone' }),
    dropAgent: async () => {},
    put: async () => {},
    list: async () => ({ messages: [], next: undefined }),
    remove: async () => [],
    removeTopic: async () => {},
    countSends: async () => {},
    pending: async () => [],
    collectGarbage: async () => ({ agents: 0, messages: 0, done: true }),
    ping: async () => {},
    close: async () => {},
    ...operations,
  }
}
