import { buffer } from 'node:stream/consumers'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { StartError, WrongUse } from '../start-error.ts'
import { ask, type HttpAnswer, headerOf } from './http.ts'
import { readJsonFile } from './json-file.ts'
import { isPoint } from './kinds.ts'
import { printable } from './printable.ts'
import { pushRequest } from './push-request.ts'
import { awaitReceipt, receiptUrlOf } from './receipt.ts'
import { refusalOf } from './refusal.ts'
import type { Payload, SendRequest } from './send-flags.ts'
import { type Subscription, SubscriptionSchema } from './subscription-schema.ts'
import { keptVapid } from './vapid-file.ts'

type Message = Extract<SendRequest, { kind: 'send' }>

/** Writes to the terminal. */
type Print = (text: string) => void

const SUBSCRIPTION_FORM = {
  schema: SubscriptionSchema,
  what: 'a subscription',
  advice: 'it needs endpoint and keys, as `pushgrid agent --subscription FILE` writes it',
}

/** Does what an application server is asked to. @throws StartError */
export async function send(request: Exclude<SendRequest, { kind: 'help' }>, print: Print): Promise<void> {
  switch (request.kind) {
    case 'vapidKey':
      return print(`${(await keptVapid(request.vapidFile, createSystemRandom())).publicKey}\n`)
    case 'delete':
      return takeBack(request.location, print)
    case 'send':
      return sendMessage(request, print)
  }
}

async function takeBack(location: string, print: Print): Promise<void> {
  const answer = await ask(location, { method: 'DELETE' })
  if (answer.status === 404)
    throw new StartError('there is no such message any more: it was delivered or has expired, or never was')
  if (answer.status !== 204) throw refusalOf(answer)
  print('taken back: it will not be delivered\n')
}

async function sendMessage({ subscriptionFile, payload, sending }: Message, print: Print): Promise<void> {
  const subscription = await readSubscription(subscriptionFile)
  const { vapidFile, receiptWaitSeconds } = sending
  const vapid = vapidFile === undefined ? undefined : await keptVapid(vapidFile, createSystemRandom())
  const { endpoint, headers, body } = pushRequest(subscription, await bytesOf(payload), vapid, sending)
  const answer = await ask(endpoint, { method: 'POST', headers, body })
  if (answer.status < 200 || answer.status > 299) throw refusalOf(answer)
  const location = locationOf(answer, endpoint)
  print(acceptedText(answer, location))
  if (receiptWaitSeconds !== undefined)
    await showReceipt(receiptUrlOf(answer, endpoint), location, receiptWaitSeconds, print)
}

async function bytesOf(payload: Payload): Promise<Buffer | undefined> {
  switch (payload.kind) {
    case 'text':
      return Buffer.from(payload.text)
    case 'stdin':
      return buffer(process.stdin)
    case 'none':
      return undefined
  }
}

async function showReceipt(
  receiptUrl: string | undefined,
  location: string | undefined,
  waitSeconds: number,
  print: Print,
): Promise<void> {
  if (receiptUrl === undefined || location === undefined)
    throw new StartError('this server gives no receipts: nothing will be heard of the message')
  switch (await awaitReceipt(receiptUrl, location, waitSeconds, systemClock)) {
    case 'acknowledged':
      return print(row('receipt', 'acknowledged'))
    case 'notDelivered':
      throw new StartError('the receipt says: not delivered, and it will not be')
    case 'unknown':
      throw new StartError(`no receipt within ${waitSeconds} s; it will be at ${receiptUrl}`)
  }
}

async function readSubscription(file: string): Promise<Subscription> {
  const subscription = await readJsonFile(file, SUBSCRIPTION_FORM)
  if (subscription === undefined)
    throw new WrongUse(`there is no file ${file}: \`pushgrid agent --subscription ${file}\` makes one`)
  const { endpoint, keys } = subscription
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    throw new WrongUse(`the endpoint in ${file} is no http:// or https:// URL`)
  if (!isPoint(Buffer.from(keys.p256dh, 'base64url')))
    throw new WrongUse(`the key p256dh in ${file} is no P-256 public key in base64url`)
  return subscription
}

/** Where the message is; some servers give a path only. */
function locationOf(answer: HttpAnswer, endpoint: string): string | undefined {
  const location = headerOf(answer, 'location')
  return location === undefined || !URL.canParse(location, endpoint)
    ? undefined
    : new URL(location, endpoint).href
}

function acceptedText(answer: HttpAnswer, location: string | undefined): string {
  const ttl = headerOf(answer, 'ttl')
  return [
    `${answer.status} ${printable(answer.statusText)}\n`,
    ...(location === undefined ? [] : [row('location', location)]),
    ...(ttl === undefined ? [] : [row('ttl', `${ttl} s`)]),
  ].join('')
}

function row(name: string, value: string): string {
  return `${name.padEnd(10)}${printable(value)}\n`
}
