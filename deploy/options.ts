import { STORE_LIMITS } from '../store/store.ts'
import { CONNECTION_OPTIONS } from './connection-options.ts'
import { natsCells } from './nats-cells.ts'
import { count, type Option, option, unset } from './option.ts'
import {
  addressRanges,
  bearerToken,
  file,
  folder,
  fraction,
  host,
  oneOf,
  origin,
  serviceKeys,
  serviceName,
  workerCount,
} from './option-kinds.ts'
import { collectorUrl, mongodbUrl, webUrl } from './url-kinds.ts'

const HOUR_MS = 60 * 60 * 1000
const MEBIBYTE = 1024 * 1024

/** Levels of the log, most talkative first. */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** Every option there is: the one place that says name, default, bounds and meaning. */
export const OPTIONS = {
  host: option(
    'Addresses',
    host,
    '127.0.0.1',
    'IP address or host name to listen on; 0.0.0.0 is all of IPv4, :: is all',
  ),
  wsPort: count('Addresses', 8080, 0, 65_535, 'port of the websocket side; 0 takes a free one'),
  httpPort: count('Addresses', 8082, 0, 65_535, 'port of the endpoint side; 0 takes a free one'),
  publicUrl: unset(
    'Addresses',
    origin,
    'http://localhost:{HTTP_PORT}',
    'origin of endpoint URLs as application servers reach it, and the audience of their VAPID tokens',
  ),
  tlsCertFile: unset(
    'Addresses',
    file,
    'none',
    'certificate, in PEM, with those that vouch for it behind it: both sides are served over TLS; read again on SIGHUP and when it changes',
  ),
  tlsKeyFile: unset('Addresses', file, 'none', 'private key of the certificate, in PEM'),

  natsUrl: unset(
    'Cluster',
    natsCells,
    'none',
    'servers of the NATS cluster, or of each of several, through which nodes and endpoints reach each other; user:password@ or token@ in a URL are credentials',
  ),
  natsUrlFile: unset(
    'Cluster',
    file,
    'none',
    'file that holds the same instead; it is read again on SIGHUP, so that clusters are added and removed without a restart',
  ),
  natsCredsFile: unset('Cluster', file, 'none', 'credentials file for NATS, as nsc makes it'),
  natsNkeyFile: unset('Cluster', file, 'none', 'file with the seed of an nkey for NATS'),
  natsCaFile: unset(
    'Cluster',
    file,
    'none',
    'certificates, in PEM, of the authorities trusted for NATS instead of the well-known ones; demands TLS',
  ),
  mongodbUrl: unset(
    'Cluster',
    mongodbUrl,
    'none',
    'MongoDB database that all processes of a cluster store in; without a name in the path it is `pushgrid`',
  ),

  dataDir: option('Data', folder, './data', 'folder of the store and of the generated service key'),
  serviceKeys: unset(
    'Data',
    serviceKeys,
    'generated once into the data folder',
    'keys that seal endpoint URLs, newest first; made by `pushgrid keys new`, used instead of the generated one',
  ),
  serviceKeysFile: unset(
    'Data',
    file,
    'none',
    'file that holds the same instead, a key on each line; it is read again on SIGHUP, so that keys are changed without a restart',
  ),
  storedMax: count('Data', STORE_LIMITS.storedMax, 1, 100_000, 'messages kept for one user agent'),
  agentLifetimeMs: count(
    'Data',
    STORE_LIMITS.agentLifetimeMs,
    24 * HOUR_MS,
    10 * 365 * 24 * HOUR_MS,
    'a user agent not seen for longer is dropped with all it has; 60 days',
  ),
  diskReserveBytes: count(
    'Data',
    64 * MEBIBYTE,
    0,
    1024 * 1024 * MEBIBYTE,
    'free space below which no message is stored, so that acknowledgements can still delete',
  ),
  waitingWritesMax: count(
    'Data',
    10_000,
    1,
    10_000_000,
    'writes that may wait for the disk; beyond it senders get 503',
  ),
  collectIntervalMs: count(
    'Data',
    1000,
    10,
    HOUR_MS,
    'pause between two rounds of garbage collection in the store',
  ),
  collectRestMs: count(
    'Data',
    10 * 60_000,
    10,
    24 * HOUR_MS,
    'rest of garbage collection once it has gone through the whole store',
  ),
  collectMax: count('Data', 500, 1, 100_000, 'records looked at in one round of garbage collection'),
  receiptSweepMs: count('Data', 5000, 10, HOUR_MS, 'pause between sweeps of expired messages with a receipt'),

  ackGraceMs: count(
    'Delivery',
    250,
    0,
    10_000,
    'wait for the acknowledgement of a connected user agent before a message is stored',
  ),
  askTimeoutMs: count('Delivery', 2500, 100, 60_000, "longest wait for the answer of a user agent's node"),
  putTimeoutMs: count('Delivery', 2000, 100, 60_000, 'longest wait for one operation of the store'),
  bodyLimitBytes: count('Delivery', 5630, 4096, 65_536, 'largest body of a push message'),
  vapidCacheMax: count('Delivery', 10_000, 1, 10_000_000, 'verified VAPID tokens kept until they expire'),
  verificationsMax: count(
    'Delivery',
    256,
    1,
    100_000,
    'VAPID tokens verified at a time; beyond it senders get 503',
  ),
  pendingAsksMax: count(
    'Delivery',
    10_000,
    1,
    10_000_000,
    'requests to user agents under way; beyond it messages are stored at once',
  ),
  pendingBytesMax: count(
    'Delivery',
    32 * MEBIBYTE,
    65_536,
    64 * 1024 * MEBIBYTE,
    'the same limit as the sum of their bodies',
  ),
  checkAgainMs: count(
    'Delivery',
    1000,
    10,
    60_000,
    'a user agent is told of a stored message a second time after this',
  ),
  checksMax: count('Delivery', 10_000, 1, 10_000_000, 'user agents that may wait for being told again'),

  receiptReadersMax: count(
    'Limits',
    1000,
    1,
    100_000,
    'requests for receipts that may be open at an endpoint process; beyond it senders get 503',
  ),
  receiptRecheckMs: count(
    'Limits',
    60_000,
    1000,
    HOUR_MS,
    'an open request for receipts looks into the store this often, hint or no hint',
  ),
  channelPerSecond: count(
    'Limits',
    1000,
    1,
    1_000_000,
    'messages that one subscription gets in the long run, counted by each endpoint process for itself; beyond it senders get 429',
  ),
  channelBurst: count('Limits', 10_000, 1, 1_000_000, 'the same at once, after a while without any'),
  agentPerSecond: count(
    'Limits',
    2000,
    1,
    1_000_000,
    'messages that all subscriptions of one user agent get together in the long run; beyond it senders get 429',
  ),
  agentBurst: count('Limits', 20_000, 1, 1_000_000, 'the same at once, after a while without any'),
  countedMax: count(
    'Limits',
    100_000,
    1000,
    10_000_000,
    'subscriptions, and user agents, whose messages an endpoint counts at a time',
  ),

  adminToken: unset(
    'Broadcasts',
    bearerToken,
    'none',
    'who has it may set broadcasts at /v1/broadcasts of the endpoint side, and see the console where it is on; without one nobody may',
  ),
  broadcastsMax: count('Broadcasts', 1000, 1, 10_000, 'broadcasts that there may be'),
  broadcastRecheckMs: count(
    'Broadcasts',
    30_000,
    100,
    HOUR_MS,
    'a node reads the broadcasts from the store this often, hint or no hint',
  ),
  megaphoneUrl: unset(
    'Broadcasts',
    webUrl,
    'none',
    'list of the broadcasts of a Megaphone server that are to be had here, too',
  ),
  megaphoneToken: unset('Broadcasts', bearerToken, 'none', 'bearer token that the Megaphone server wants'),
  megaphonePollMs: count(
    'Broadcasts',
    30_000,
    1000,
    24 * HOUR_MS,
    'time between two polls of the Megaphone server, by all nodes together',
  ),
  bodyBytesMax: count(
    'Limits',
    64 * MEBIBYTE,
    MEBIBYTE,
    64 * 1024 * MEBIBYTE,
    'bodies of messages that an endpoint holds in memory; beyond it senders get 503',
  ),
  requestTimeoutMs: count('Limits', 30_000, 1000, HOUR_MS, 'a request not complete after this gets 408'),
  trustedProxies: {
    group: 'Limits',
    kind: addressRanges,
    initial: [],
    shown: 'none',
    meaning:
      'proxies in front of nodes, which are believed whose connections theirs are (X-Forwarded-For, or PROXY protocol version 2): without it all of them count as one address',
  },
  addressMax: count(
    'Limits',
    20_000,
    1,
    10_000_000,
    'websockets of one IPv4 address or IPv6 /64, at each node process; beyond it they get 429',
  ),
  addressSilentMax: count('Limits', 5000, 1, 10_000_000, 'those of them that have not said hello yet'),
  silentMax: count('Limits', 10_000, 1, 10_000_000, 'the same for all; of too many the oldest is closed'),
  hellosPerSecond: count('Limits', 1000, 1, 1_000_000, 'websockets that one address makes in the long run'),
  hellosBurst: count('Limits', 20_000, 1, 10_000_000, 'the same at once, after a while without any'),
  registersPerSecond: count(
    'Limits',
    500,
    1,
    1_000_000,
    'subscriptions that the user agents of one address register in the long run; beyond it a connection is closed',
  ),
  registersBurst: count('Limits', 20_000, 1, 10_000_000, 'the same at once, after a while without any'),

  ...CONNECTION_OPTIONS,

  workers: {
    group: 'Process',
    kind: workerCount,
    initial: 1,
    shown: '1',
    meaning:
      'processes of a node or endpoint, which share its port and have all limits each; auto is one per core',
  },
  stopMs: count(
    'Process',
    20_000,
    1000,
    HOUR_MS,
    'longest time a stop may take beyond PUSHGRID_DRAIN_MS; then it exits with 1',
  ),
  traceUrl: unset(
    'Process',
    collectorUrl,
    'none',
    'collector of OpenTelemetry that traces of messages are sent to, by OTLP over HTTP; without it nothing is traced',
  ),
  traceName: option('Process', serviceName, 'pushgrid', 'name of this service in traces'),
  traceRatio: {
    group: 'Process',
    kind: fraction,
    initial: 0.01,
    shown: '0.01',
    meaning: 'part of all messages that is traced',
  },
  console: option(
    'Process',
    oneOf(['auto', 'on', 'off']),
    'auto',
    'web page with live figures and a playground, at /console/ of the endpoint side; auto: open where host and public URL are of this machine, else not there; on: for who has the admin token',
  ),
  accessLog: option(
    'Process',
    oneOf(['off', 'on']),
    'off',
    'whether each answer to an application server is logged, without token, path or address of a subscription',
  ),
  logLevel: option('Process', oneOf(LOG_LEVELS), 'info', 'least important messages that are logged'),
} as const satisfies Record<string, Option<unknown>>

/** Name of an option. */
export type OptionName = keyof typeof OPTIONS

/** Every option with its value: complete and validated, so that nothing behind it has to check again. */
export type Options = {
  readonly [Name in OptionName]: (typeof OPTIONS)[Name] extends Option<infer T> ? T : never
}

export type { Option, OptionGroup } from './option.ts'
export { flagOf, variableOf } from './option.ts'
