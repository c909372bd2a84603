import { TTL_MAX_SECONDS } from '../../push/message.ts'
import { URGENCIES, type Urgency } from '../../push/urgency.ts'
import { file, oneOf, wholeNumber } from '../option-kinds.ts'
import { WrongUse } from '../start-error.ts'
import { type Arguments, flag, readArguments, value } from './flags.ts'
import { messageUrl, seconds, topic } from './kinds.ts'

const ENCODINGS = ['aes128gcm', 'aesgcm'] as const

/** The flags of `pushgrid send`. */
export const SEND_FLAGS = {
  stdin: flag('take the text from stdin'),
  ttl: value(
    { ...wholeNumber(0, TTL_MAX_SECONDS), placeholder: 'SECONDS' },
    'how long the message is kept; else a day',
  ),
  topic: value(topic, 'replace the message of this topic that was not delivered yet'),
  urgency: value(oneOf(URGENCIES), 'how urgent it is; else normal'),
  encoding: value(oneOf(ENCODINGS), 'how it is encrypted; else aes128gcm'),
  receipt: flag('ask what becomes of it, and wait until that is known'),
  wait: value(seconds(0), 'with --receipt: give up after so long; else after 60 s'),
  vapid: value(file, 'where the VAPID keys are kept, made the first time; else pushgrid-vapid.json'),
  noVapid: flag('send without VAPID'),
  vapidKey: flag('print the public key, for `pushgrid agent --vapid-key`, and send nothing'),
  delete: value(messageUrl, 'take a message back that was not delivered yet, by its location'),
}

/** How a message is sent. */
export interface Sending {
  readonly ttlSeconds: number
  readonly topic: string | undefined
  readonly urgency: Urgency | undefined
  readonly encoding: (typeof ENCODINGS)[number]
  /** Absent: without VAPID. */
  readonly vapidFile: string | undefined
  /** How long to wait for the receipt; absent: none is asked for. */
  readonly receiptWaitSeconds: number | undefined
}

/** Where the text of a message is. */
export type Payload =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'stdin' }
  /** There is none: the message is empty, which says that something has happened. */
  | { readonly kind: 'none' }

/** What the command line of an application server says. */
export type SendRequest =
  | { readonly kind: 'help' }
  | { readonly kind: 'vapidKey'; readonly vapidFile: string }
  | { readonly kind: 'delete'; readonly location: string }
  | {
      readonly kind: 'send'
      readonly subscriptionFile: string
      readonly payload: Payload
      readonly sending: Sending
    }

type Given = Extract<Arguments<typeof SEND_FLAGS>, { kind: 'arguments' }>

const DEFAULT_VAPID_FILE = 'pushgrid-vapid.json'
const DEFAULT_TTL_SECONDS = 24 * 60 * 60
const DEFAULT_WAIT_SECONDS = 60

/** Reads the command line of `pushgrid send`. @throws WrongUse in one line */
export function readSendArguments(args: readonly string[]): SendRequest {
  const read = readArguments('send', SEND_FLAGS, args)
  if (read.kind === 'help') return read
  const { flags, rest } = read
  const [subscriptionFile, text, stray] = rest
  if (flags.vapidKey || flags.delete !== undefined) {
    if (subscriptionFile !== undefined)
      throw new WrongUse(
        `${flags.vapidKey ? '--vapid-key' : '--delete'} goes without a subscription and a text`,
      )
    if (flags.delete !== undefined) return { kind: 'delete', location: flags.delete }
    return { kind: 'vapidKey', vapidFile: flags.vapid ?? DEFAULT_VAPID_FILE }
  }
  if (subscriptionFile === undefined)
    throw new WrongUse('say to whom: pushgrid send SUBSCRIPTION.json "text"; `pushgrid agent` makes one')
  if (stray !== undefined) throw new WrongUse('the text is one argument: put it into quotes')
  check(read)
  const given = text === undefined ? ({ kind: 'none' } as const) : ({ kind: 'text', text } as const)
  const payload = flags.stdin ? ({ kind: 'stdin' } as const) : given
  return { kind: 'send', subscriptionFile, payload, sending: sendingOf(read) }
}

function sendingOf({ flags }: Given): Sending {
  return {
    ttlSeconds: flags.ttl ?? DEFAULT_TTL_SECONDS,
    topic: flags.topic,
    urgency: flags.urgency,
    encoding: flags.encoding ?? 'aes128gcm',
    vapidFile: flags.noVapid ? undefined : (flags.vapid ?? DEFAULT_VAPID_FILE),
    receiptWaitSeconds: flags.receipt ? (flags.wait ?? DEFAULT_WAIT_SECONDS) : undefined,
  }
}

/** What no flag can know alone. */
function check({ flags, rest }: Given): void {
  if (flags.stdin && rest.length > 1) throw new WrongUse('choose one of --stdin and a text')
  if (flags.noVapid && flags.vapid !== undefined) throw new WrongUse('choose one of --no-vapid and --vapid')
  if (flags.wait !== undefined && !flags.receipt)
    throw new WrongUse('--wait needs --receipt: it is how long to wait for it')
}
