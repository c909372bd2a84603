import { styleText } from 'node:util'
import type { AgentEvent, MessageEvent } from './agent-event.ts'
import type { Answer } from './answer.ts'
import type { Content } from './content.ts'
import { printable } from './printable.ts'

/** How lines are set. */
export interface TextStyle {
  /** Wall time, in milliseconds since the epoch. */
  readonly nowMs: number
  readonly colours: boolean
}

const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
/** Characters of what is not understood; --raw shows all. */
const STRANGE_SHOWN = 200
/** What stands below a message starts where its text does. */
const INDENT = ' '.repeat('23:59:59  '.length)

/** Sets an event for a person to read; with a line break at its end. */
export function agentText(event: AgentEvent, style: TextStyle): string {
  return `${linesOf(event, style).join('\n')}\n`
}

function linesOf(event: AgentEvent, style: TextStyle): string[] {
  switch (event.event) {
    case 'connected':
      return [`connected to ${event.url} as ${event.uaid}${event.isNew ? ' (new)' : ''}`]
    case 'replaced':
      return [
        `the server has issued a new UAID: it does not know the former one any more`,
        `${countOf(event.subscriptions, 'subscription')} ended with it; made anew, their endpoints are others now`,
      ]
    case 'subscription':
      return subscriptionLines(event)
    case 'unregistered':
      return [`${event.channel}: ended`]
    case 'urgency':
      return [`messages less urgent than ${event.min} wait at the server from now on`]
    case 'waiting':
      return [
        event.messages === undefined
          ? 'waiting for messages, Ctrl+C ends'
          : `waiting for ${countOf(event.messages, 'message')}`,
      ]
    case 'message':
      return messageLines(event, style)
    case 'broadcast':
      return [`${timeText(style)}broadcast ${printable(event.id)} is ${printable(event.version)}`]
    case 'broadcastRefused':
      return [`broadcast ${printable(event.id)}: ${printable(event.reason)}`]
    case 'frame':
      return [dim(`${event.direction === 'sent' ? '>' : '<'} ${printable(event.text)}`, style)]
    case 'notUnderstood':
      return [`the server says what is not understood here: ${printable(event.text.slice(0, STRANGE_SHOWN))}`]
    case 'disconnected':
      return [`${timeText(style)}${printable(event.reason)}; again in ${event.retryMs / 1000} s`]
  }
}

function subscriptionLines(event: Extract<AgentEvent, { event: 'subscription' }>): string[] {
  const { channel, isNew, subscription, file } = event
  const where = file === undefined ? '' : `, written to ${file}`
  return [`${channel}: ${isNew ? 'registered' : 'registered before'}${where}`, JSON.stringify(subscription)]
}

function messageLines(event: MessageEvent, style: TextStyle): string[] {
  const { channel, notification, content, isRepeated, answer } = event
  const [first = '', ...others] = contentText(content, style).split('\n')
  const { ttl, version, headers } = notification
  const facts = [
    ...sizeText(content, headers?.encoding),
    ...(ttl === undefined ? [] : [`TTL ${ttl}`]),
    answerText(answer),
    ...(isRepeated ? ['repeated'] : []),
    `version ${printable(version)}`,
  ]
  return [
    `${timeText(style)}${channel ?? `(channel ${notification.channelID})`}: ${first}`,
    ...others.map((line) => `${INDENT}${line}`),
    dim(`${INDENT}${facts.join(', ')}`, style),
    ...headerLines(headers).map((line) => dim(`${INDENT}${line}`, style)),
  ]
}

function contentText(content: Content, style: TextStyle): string {
  switch (content.kind) {
    case 'empty':
      return '(empty)'
    case 'text':
      // A line break at the end, as echo writes it, would be an empty line here.
      return strong(printable(content.text.replace(/\n$/, ''), '\n\t'), style)
    case 'binary':
      return `(no text, in base64url) ${content.base64url}`
    case 'unreadable':
      return `(can't be read: ${content.why})`
  }
}

function sizeText(content: Content, encoding: string | undefined): string[] {
  if (encoding === undefined) return []
  const shown = printable(encoding)
  return [
    content.kind === 'text' || content.kind === 'binary'
      ? `${countOf(content.bytes, 'byte')} in ${shown}`
      : shown,
  ]
}

/** aes128gcm has all in its body; with the older encoding salt and key are headers. */
function headerLines(headers: MessageEvent['notification']['headers']): string[] {
  const { encryption, crypto_key: cryptoKey } = headers ?? {}
  return [
    ...(encryption === undefined ? [] : [`Encryption: ${printable(encryption)}`]),
    ...(cryptoKey === undefined ? [] : [`Crypto-Key: ${printable(cryptoKey)}`]),
  ]
}

function answerText(answer: Answer): string {
  return answer.kind === 'none' ? 'not acknowledged' : `${answer.kind} ${answer.code}`
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function timeText({ nowMs }: TextStyle): string {
  return `${TIME.format(nowMs)}  `
}

function strong(text: string, { colours }: TextStyle): string {
  if (!colours) return text
  // Line by line, so that what stands in front of each is not strong.
  return text
    .split('\n')
    .map((line) => styleText('bold', line, { validateStream: false }))
    .join('\n')
}

function dim(text: string, { colours }: TextStyle): string {
  return colours ? styleText('dim', text, { validateStream: false }) : text
}
