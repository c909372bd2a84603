/** What a phase can do at each arrival, and what it means. The names are those of plan files. */
export const ACTIONS = {
  post: 'POST to a connected user agent',
  'post-urgent': 'POST with Urgency: high to a connected user agent',
  'post-topic': 'POST with one of a few topics to a connected user agent',
  'post-ttl0': 'POST with TTL 0 to a connected user agent',
  'post-offline': 'POST to a user agent that is not connected',
  'post-offline-topic': 'POST with one of a few topics to a user agent that is not connected',
  'post-gone': 'POST to a subscription that was ended; must be refused',
  'post-bad-token': 'POST with a VAPID token that is wrong in one of several ways; must be answered 401',
  'connect-new': 'a new user agent connects and registers its channels',
  'connect-known': 'a user agent that was here before connects again',
  disconnect: 'a connected user agent leaves, to come back perhaps',
  retire: 'a connected user agent ends all its subscriptions and leaves for good',
  register: 'a connected user agent registers one more channel',
  unregister: 'a connected user agent ends a subscription that `register` added',
  broadcast: 'PUT of a new version of a broadcast that all user agents are subscribed to',
} as const

/** Name of an action. */
export type ActionName = keyof typeof ACTIONS

/** All names, for schema and messages. */
export const ACTION_NAMES = Object.keys(ACTIONS) as readonly ActionName[]
