import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const Text = Type.String()
const Status = Type.Integer()

/** A push message as a server of the autopush protocol sends it. */
const NotificationSchema = Type.Object({
  messageType: Type.Literal('notification'),
  channelID: Text,
  version: Text,
  ttl: Type.Optional(Type.Integer()),
  data: Type.Optional(Text),
  headers: Type.Optional(
    Type.Object({
      encoding: Type.Optional(Text),
      encryption: Type.Optional(Text),
      crypto_key: Type.Optional(Text),
    }),
  ),
})

/** Versions by id; the member `errors` has those that the server does not have. */
const Broadcasts = Type.Record(Text, Type.Unknown())

const Ping = Type.Object({}, { additionalProperties: false })

const ServerFrameSchema = Type.Union([
  NotificationSchema,
  Type.Object({
    messageType: Type.Literal('hello'),
    uaid: Text,
    status: Status,
    broadcasts: Type.Optional(Broadcasts),
  }),
  Type.Object({
    messageType: Type.Literal('register'),
    channelID: Text,
    status: Status,
    pushEndpoint: Type.Optional(Text),
  }),
  Type.Object({ messageType: Type.Literal('unregister'), channelID: Text, status: Status }),
  Type.Object({ messageType: Type.Literal('urgency'), status: Status }),
  Type.Object({ messageType: Type.Literal('broadcast'), broadcasts: Broadcasts }),
  Type.Object({ messageType: Type.Literal('ping') }),
])

/** What a server says, as far as it is known here. */
export type ServerFrame = Static<typeof ServerFrameSchema>

/** A push message as it arrives. */
export type Notification = Static<typeof NotificationSchema>

/** Reads a text frame; undefined when it is none of those known here. `{}` is the usual way to write a ping. Never throws. */
export function parseServerFrame(text: string): ServerFrame | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (Value.Check(Ping, value)) return { messageType: 'ping' }
    return Value.Check(ServerFrameSchema, value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Versions of broadcasts by id, and why there is none of others. */
export interface BroadcastNews {
  readonly versions: ReadonlyMap<string, string>
  readonly errors: ReadonlyMap<string, string>
}

/** Reads the broadcasts of a frame. */
export function broadcastNews(broadcasts: Readonly<Record<string, unknown>> = {}): BroadcastNews {
  const { errors, ...versions } = broadcasts
  return { versions: texts(versions), errors: texts(Object(errors)) }
}

function texts(members: object): Map<string, string> {
  const entries = Object.entries(members)
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
