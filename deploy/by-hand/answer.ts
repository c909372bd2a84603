import type { Content } from './content.ts'
import type { Notification } from './server-frame.ts'

/** What is answered to a message: an acknowledgement (100 to 102), a refusal (301 to 303), or nothing. */
export type Answer =
  | { readonly kind: 'ack'; readonly code: number }
  | { readonly kind: 'nack'; readonly code: number }
  | { readonly kind: 'none' }

const DELIVERED = 100
const UNREADABLE = 101
const UNWANTED = 102

/** What Firefox acknowledges a message with: also 102 for what it has had before, or has no subscription for. */
export function codeFor(content: Content, isOfKnownChannel: boolean, isRepeated: boolean): number {
  if (!isOfKnownChannel || isRepeated) return UNWANTED
  return content.kind === 'unreadable' ? UNREADABLE : DELIVERED
}

/** The frame that gives an answer; undefined where there is none to give. */
export function answerFrame(
  answer: Answer,
  { channelID, version }: Pick<Notification, 'channelID' | 'version'>,
): object | undefined {
  switch (answer.kind) {
    case 'ack':
      return { messageType: 'ack', updates: [{ channelID, version, code: answer.code }] }
    case 'nack':
      return { messageType: 'nack', version, code: answer.code }
    case 'none':
      return undefined
  }
}
