import type { AgentEvent, MessageEvent } from './agent-event.ts'

/** Writes an event as one line of JSON, for a script. */
export function agentJson(event: AgentEvent): string {
  return `${JSON.stringify(event.event === 'message' ? messageFields(event) : event)}\n`
}

/** What is in a message by the members `text`, `base64url` or `error`; an empty one has none of them. */
function messageFields({ channel, notification, content, isRepeated, answer }: MessageEvent): object {
  const { channelID, version, ttl, headers } = notification
  return {
    event: 'message',
    channel,
    channelID,
    version,
    ttl,
    headers,
    ...contentFields(content),
    isRepeated,
    ...(answer.kind !== 'none' && { [answer.kind]: answer.code }),
  }
}

function contentFields(content: MessageEvent['content']): object {
  switch (content.kind) {
    case 'empty':
      return {}
    case 'text':
      return { text: content.text }
    case 'binary':
      return { base64url: content.base64url }
    case 'unreadable':
      return { error: content.why }
  }
}
