/** What a service says to a user agent, as far as a load generator cares. */
export type ServerFrame =
  | { readonly messageType: 'hello'; readonly uaid: string; readonly status: number }
  | {
      readonly messageType: 'register'
      readonly channelID: string
      readonly status: number
      readonly pushEndpoint: string
    }
  | { readonly messageType: 'unregister'; readonly channelID: string; readonly status: number }
  | {
      readonly messageType: 'notification'
      readonly channelID: string
      readonly version: string
      readonly data?: string
    }
  | { readonly messageType: 'broadcast'; readonly broadcasts: Readonly<Record<string, unknown>> }
  /** Anything else, the answer to a ping among it. */
  | { readonly messageType: 'other' }

/** What each kind of frame must have, for the rest to rely on it. */
const NEEDED: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  hello: [
    ['uaid', 'string'],
    ['status', 'number'],
  ],
  register: [
    ['channelID', 'string'],
    ['status', 'number'],
  ],
  unregister: [
    ['channelID', 'string'],
    ['status', 'number'],
  ],
  notification: [
    ['channelID', 'string'],
    ['version', 'string'],
  ],
  broadcast: [['broadcasts', 'object']],
}
const OTHER: ServerFrame = { messageType: 'other' }

/** Parses a text frame; undefined for what no server of this protocol sends. */
export function parseServerFrame(text: string): ServerFrame | undefined {
  let fields: Readonly<Record<string, unknown>>
  try {
    fields = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null) return undefined
  const needed = NEEDED[String(fields['messageType'])]
  if (needed === undefined) return OTHER
  for (const [name, type] of needed) {
    const value = fields[name]
    if (typeof value !== type || value === null) return undefined
  }
  return fields as unknown as ServerFrame
}
