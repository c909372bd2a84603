import { count, type Option, unset } from './option.ts'
import { wholeNumber } from './option-kinds.ts'

const HOUR_MS = 60 * 60 * 1000
const MEBIBYTE = 1024 * 1024

/** What a node does with each of its connections. */
export const CONNECTION_OPTIONS = {
  inFlightMax: count(
    'Connections',
    100,
    1,
    10_000,
    'unacknowledged notifications of one user agent; the rest waits in the store',
  ),
  ackTimeoutMs: count(
    'Connections',
    60_000,
    1000,
    HOUR_MS,
    'a notification unacknowledged for longer is stored and leaves the window',
  ),
  sendsMax: count('Connections', 5, 1, 100, 'sessions that may send one message without an acknowledgement'),
  helloTimeoutMs: count(
    'Connections',
    5000,
    100,
    60_000,
    'a connection without a hello is closed after this',
  ),
  hellosMax: count(
    'Connections',
    128,
    1,
    100_000,
    'user agents whose hello is looked up at a time; the others queue',
  ),
  helloQueueMs: count(
    'Connections',
    4000,
    100,
    60_000,
    'work of hellos ahead of a new connection beyond which it is refused with 503, for the user agent to come again',
  ),
  channelsMax: count('Connections', 1000, 1, 100_000, 'subscriptions that one user agent may have'),
  recheckMs: count(
    'Connections',
    15 * 60_000,
    1000,
    24 * HOUR_MS,
    'a connected user agent looks into the store this often, hint or no hint',
  ),
  recheckSoonMs: count(
    'Connections',
    30_000,
    0,
    HOUR_MS,
    'the same while NATS is away; and all do it once within this time when it is back',
  ),
  commandsMax: count(
    'Connections',
    500,
    1,
    100_000,
    'register and unregister commands of one user agent that may wait; beyond it they fail',
  ),
  socketBufferBytes: count(
    'Connections',
    MEBIBYTE,
    65_536,
    1024 * MEBIBYTE,
    'what a slow reader may leave unread before its messages go to the store',
  ),
  readRetryMs: count(
    'Connections',
    5000,
    100,
    HOUR_MS,
    'pause before a read of the store that failed is tried again',
  ),
  drainMs: unset(
    'Connections',
    wholeNumber(0, 10 * 60_000),
    '30000 for node, 0 for serve',
    'time over which a stopping process lets its user agents go, so that they do not come all at once elsewhere; 0 is all at once',
  ),
} as const satisfies Record<string, Option<unknown>>
