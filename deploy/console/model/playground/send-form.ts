import type { Urgency } from '../../../../push/urgency.ts'
import type { Subscription } from '../../../by-hand/subscription-schema.ts'
import type { Recipient } from './aes128gcm.ts'
import { type PageChannel, subscriptionOf } from './channel.ts'
import { readSubscription } from './read-subscription.ts'

/** Chosen instead of a subscription of this page. */
export const PASTED = 'pasted'

/** What is filled in to send a message, as it is. */
export interface SendForm {
  /** Channel id of a subscription of this page, `PASTED`, or '' as long as there is none. */
  readonly to: string
  /** JSON of a subscription from elsewhere. */
  readonly pasted: string
  readonly text: string
  readonly ttl: string
  readonly topic: string
  readonly urgency: Urgency
  readonly isSigned: boolean
  readonly receipt: boolean
}

/** What is wrong in it, by field. */
export type FormErrors = Partial<Record<'to' | 'pasted' | 'ttl' | 'topic', string>>

/** What can be sent. */
export interface Letter {
  /** What the recipient is called here. */
  readonly name: string
  readonly subscription: Subscription
  readonly recipient: Recipient
  readonly text: string
  readonly ttlSeconds: number
  readonly topic: string | undefined
  readonly urgency: Urgency
  readonly isSigned: boolean
  readonly receipt: boolean
}

/** What became of a form. */
export type ReadForm =
  | { readonly kind: 'letter'; readonly letter: Letter }
  | { readonly kind: 'wrong'; readonly errors: FormErrors }

const TOPIC = /^[A-Za-z0-9_-]{1,32}$/
/** What a number still is exact with. */
const TTL = /^\d{1,15}$/

/** What stands in the form at first. */
export const BLANK_FORM: SendForm = {
  to: '',
  pasted: '',
  text: 'Hello there',
  ttl: '3600',
  topic: '',
  urgency: 'normal',
  isSigned: true,
  receipt: false,
}

/** Reads a form, and says at each field what is wrong with it. */
export async function readForm(form: SendForm, channels: readonly PageChannel[]): Promise<ReadForm> {
  const ttl = form.ttl.trim()
  const topic = form.topic.trim()
  const errors: FormErrors = {
    ...(!TTL.test(ttl) && { ttl: 'A TTL is a whole number of seconds, 0 or more.' }),
    ...(topic !== '' &&
      !TOPIC.test(topic) && { topic: 'A topic has 1 to 32 letters, digits, dashes and underscores.' }),
  }
  const { name, json, field } = addressOf(form, channels)
  if (json === undefined)
    return { kind: 'wrong', errors: { ...errors, to: 'Register a subscription first, or paste one.' } }
  const read = await readSubscription(json)
  if (read.kind === 'wrong') return { kind: 'wrong', errors: { ...errors, [field]: read.why } }
  if (Object.keys(errors).length > 0) return { kind: 'wrong', errors }
  const { subscription, recipient } = read
  const { text, urgency, isSigned, receipt } = form
  const ttlSeconds = Number(ttl)
  return {
    kind: 'letter',
    letter: {
      name,
      subscription,
      recipient,
      text,
      ttlSeconds,
      topic: topic === '' ? undefined : topic,
      urgency,
      isSigned,
      receipt,
    },
  }
}

function addressOf({ to, pasted }: SendForm, channels: readonly PageChannel[]) {
  if (to === PASTED) return { name: 'the pasted subscription', json: pasted, field: 'pasted' } as const
  const channel = channels.find(({ channelID }) => channelID === to)
  const subscription = channel && subscriptionOf(channel)
  return {
    name: channel?.name ?? '',
    json: subscription && JSON.stringify(subscription),
    field: 'to',
  } as const
}
