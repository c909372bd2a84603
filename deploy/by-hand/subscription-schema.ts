import { type Static, Type } from '@sinclair/typebox'

/** A subscription as `PushSubscription.toJSON` of a browser gives it, and as `web-push` takes it. */
export const SubscriptionSchema = Type.Object({
  endpoint: Type.String(),
  keys: Type.Object({ p256dh: Type.String(), auth: Type.String() }),
})

/** One of them. */
export type Subscription = Static<typeof SubscriptionSchema>

/** A subscription as its user agent keeps it; bytes are base64url. */
export const ChannelSchema = Type.Object({
  name: Type.String({ description: 'what its user calls it' }),
  channelID: Type.String(),
  privateKey: Type.String({ description: 'P-256, 32 bytes' }),
  auth: Type.String({
    description: 'secret shared with application servers, 16 bytes (RFC 8291 section 3.2)',
  }),
  vapidKey: Type.Optional(Type.String({ description: 'the only application server that may send' })),
  endpoint: Type.Optional(Type.String({ description: 'absent until the server has given one' })),
})

/** One of them. */
export type Channel = Static<typeof ChannelSchema>
