import { type BroadcastId, parseBroadcastId } from '../../push/broadcast.ts'
import { parseMessageId, parseUaid } from '../../push/ids.ts'
import type { Fact } from './facts.ts'
import type { LinkObserver } from './link.ts'

interface Frame {
  readonly messageType?: string
  readonly uaid?: string
  readonly version?: string
  readonly updates?: readonly { readonly version: string }[]
  readonly broadcasts?: Readonly<Record<string, unknown>>
}

/** Turns what passes over a link into facts. */
export function linkObserver(link: number, report: (fact: Fact) => void): LinkObserver {
  return {
    accepted: () => report({ kind: 'accepted', link }),
    wrote(text, result) {
      if (result === 'dropped' || result === 'closed') return
      const frame: Frame = JSON.parse(text)
      const uaid = parseUaid(frame.uaid ?? '')
      const id = parseMessageId(frame.version ?? '')
      if (frame.messageType === 'hello' && uaid !== undefined) report({ kind: 'welcomed', link, uaid })
      if (frame.messageType === 'notification' && id !== undefined)
        report({ kind: 'wrote', link, id, result })
      for (const [broadcast, told] of broadcastsIn(frame))
        if (typeof told === 'string') report({ kind: 'broadcastTold', link, broadcast, version: told })
    },
    closing: (reason) => report({ kind: 'closing', link, reason }),
    closed: () => report({ kind: 'closed', link }),
    arrived(text) {
      const frame: Frame = JSON.parse(text)
      const id = parseMessageId(frame.version ?? '')
      if (frame.messageType === 'nack' && id !== undefined) report({ kind: 'nackArrived', link, id })
      for (const [broadcast] of broadcastsIn(frame)) report({ kind: 'broadcastNamed', link, broadcast })
      for (const update of frame.updates ?? []) {
        const acked = parseMessageId(update.version)
        if (acked !== undefined) report({ kind: 'ackArrived', link, id: acked })
      }
    },
  }
}

/** The broadcasts that a frame names, without its errors. */
function broadcastsIn({ broadcasts = {} }: Frame): [BroadcastId, unknown][] {
  return Object.entries(broadcasts).flatMap(([text, version]) => {
    const id = parseBroadcastId(text)
    return id === undefined ? [] : [[id, version]]
  })
}
