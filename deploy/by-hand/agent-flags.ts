import { URGENCIES } from '../../push/urgency.ts'
import { file, oneOf, wholeNumber } from '../option-kinds.ts'
import { WrongUse } from '../start-error.ts'
import type { AgentWishes } from './agent.ts'
import { type Arguments, flag, readArguments, value, values } from './flags.ts'
import { ackCode, broadcastVersion, channelName, seconds, vapidKey, websocketUrl } from './kinds.ts'

const MESSAGES_MAX = 1_000_000

/** The flags of `pushgrid agent`. */
export const AGENT_FLAGS = {
  url: value(
    websocketUrl,
    'the push service; else the one in the file, or ws://localhost:8080/, where npm start listens',
  ),
  file: value(file, 'where UAID, subscriptions and their keys are kept; else pushgrid-agent.json'),
  channel: values(channelName, 'a subscription to have, by a name of yours; several may be given'),
  vapidKey: value(vapidKey, 'only the application server with this public key may send to new subscriptions'),
  subscription: value(file, 'write the JSON of the subscription to a file, for `pushgrid send`'),
  unregister: values(channelName, 'end a subscription, and then this command'),
  count: value({ ...wholeNumber(1, MESSAGES_MAX), hint: '' }, 'end after so many messages'),
  once: flag('end after one message'),
  wait: value(seconds(1), 'with --count or --once: give up after so long, with exit code 1'),
  ack: value(
    ackCode,
    'acknowledge with this; else 100, or 101 for what can not be read, or 102 for what was seen before',
  ),
  nack: value(wholeNumber(301, 303), 'refuse messages instead of acknowledging them; they come again'),
  urgency: value(oneOf(URGENCIES), 'have less urgent messages wait at the server'),
  broadcast: values(broadcastVersion, 'hear of a broadcast, of which one has this version'),
  raw: flag('show the frames, too: > sent, < received'),
  json: flag('write one JSON object a line, for scripts'),
}

/** What the command line of a user agent says. */
export interface AgentRequest {
  readonly url: string | undefined
  /** Where it keeps what it has. */
  readonly file: string
  /** Where to write its subscription. */
  readonly subscriptionFile: string | undefined
  readonly wishes: AgentWishes
  readonly waitSeconds: number | undefined
  readonly showsFrames: boolean
  readonly isJson: boolean
}

const DEFAULT_FILE = 'pushgrid-agent.json'

/** Reads the command line of `pushgrid agent`. @throws WrongUse in one line */
export function readAgentArguments(args: readonly string[]): AgentRequest | 'help' {
  const read = readArguments('agent', AGENT_FLAGS, args)
  if (read.kind === 'help') return 'help'
  const { flags } = read
  check(read)
  const count = flags.once ? 1 : flags.count
  return {
    url: flags.url,
    file: flags.file ?? DEFAULT_FILE,
    subscriptionFile: flags.subscription,
    waitSeconds: flags.wait,
    showsFrames: flags.raw,
    isJson: flags.json,
    wishes: {
      channels: flags.channel,
      vapidKey: flags.vapidKey,
      minUrgency: flags.urgency,
      broadcasts: flags.broadcast,
      unregister: flags.unregister,
      ack: flags.ack,
      nack: flags.nack,
      count,
    },
  }
}

/** What no flag can know alone. */
function check({ flags, rest }: Extract<Arguments<typeof AGENT_FLAGS>, { kind: 'arguments' }>): void {
  const [stray] = rest
  if (stray !== undefined)
    throw new WrongUse(
      `pushgrid agent takes flags only, and ${JSON.stringify(stray)} belongs to none; \`pushgrid agents\` looks into a store`,
    )
  if (flags.once && flags.count !== undefined) throw new WrongUse('choose one of --once and --count')
  if (flags.ack !== undefined && flags.nack !== undefined)
    throw new WrongUse('choose one of --ack and --nack')
  if (flags.wait !== undefined && !flags.once && flags.count === undefined)
    throw new WrongUse('--wait needs --once or --count: it is how long to wait for them')
  if (flags.subscription !== undefined && flags.channel.length > 1)
    throw new WrongUse('--subscription is for one subscription: name one with --channel')
}
