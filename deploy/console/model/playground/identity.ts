import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { NO_MIN_URGENCY, URGENCIES } from '../../../../push/urgency.ts'
import { type PageChannel, PageChannelSchema } from './channel.ts'

const IdentitySchema = Type.Object({
  /** Absent until the service has issued one. */
  uaid: Type.Optional(Type.String()),
  channels: Type.Array(PageChannelSchema),
  minUrgency: Type.Union(URGENCIES.map((urgency) => Type.Literal(urgency))),
  /** Broadcasts that are heard of, with the version last heard; '' before the first. */
  broadcasts: Type.Record(Type.String(), Type.String()),
})

/** Who the page is for one push service: what outlives a reload. */
export type Identity = Static<typeof IdentitySchema>

/** A user agent that no service knows yet. */
export const NOBODY: Identity = { channels: [], minUrgency: NO_MIN_URGENCY, broadcasts: {} }

/** Reads what was kept; somebody new when that is nothing, or nothing of this form. Never throws. */
export function parseIdentity(kept: string | null): Identity {
  try {
    const value: unknown = JSON.parse(kept ?? '')
    return Value.Check(IdentitySchema, value) ? value : NOBODY
  } catch {
    return NOBODY
  }
}

/** Changes one subscription. */
export function withChannel(
  identity: Identity,
  channelID: string,
  change: (channel: PageChannel) => PageChannel | undefined,
): Identity {
  const channels = identity.channels.flatMap((channel) => {
    const changed = channel.channelID === channelID ? change(channel) : channel
    return changed === undefined ? [] : [changed]
  })
  return { ...identity, channels }
}
