import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'undici'
import type { Notification } from './agent-client.ts'

/** What to post. */
export interface Posting {
  /** Seconds; a day by default. */
  ttl?: number
  topic?: string
  /** Travels in the body; without it the body is empty. */
  text?: string
  /** More headers, or others instead of those made here. */
  headers?: Record<string, string>
}

/** An answer of the HTTP side. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const DAY_SECONDS = 86_400
/** What stands before the ciphertext of aes128gcm: salt 16, record size 4, key id length 1, key id 65 (RFC 8188 section 2.1). */
const CODING_HEADER = Buffer.concat([
  Buffer.alloc(16, 1),
  Buffer.from([0, 0, 16, 0, 65, 4]),
  Buffer.alloc(64, 2),
])

/** An application server for tests, with keep-alive. Its bodies look encrypted and are not, so that tests can read them. */
export class Sender {
  readonly #agent: Agent

  /** @param connections to each origin at most @param ca certificate that it trusts for `https://`, in PEM */
  constructor(connections = 8, ca?: string) {
    this.#agent = new Agent({ connections, connect: { ca } })
  }

  /** Posts one message to an endpoint. @throws when there is no answer */
  post(endpoint: string, { ttl = DAY_SECONDS, topic, text, headers }: Posting = {}): Promise<Answer> {
    return this.send('POST', endpoint, text === undefined ? undefined : bodyOf(text), {
      ttl: String(ttl),
      ...(topic !== undefined && { topic }),
      ...(text !== undefined && { 'content-encoding': 'aes128gcm' }),
      ...headers,
    })
  }

  /** Takes a message back by its Location. */
  delete(location: string): Promise<Answer> {
    return this.send('DELETE', location, undefined, {})
  }

  /** Sends any request. */
  async send(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    body: Uint8Array | undefined,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const answer = await request(url, { dispatcher: this.#agent, method, body: body ?? null, headers })
    return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() }
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#agent.destroy()
  }
}

/** A body of the form of aes128gcm around a readable text. */
export function bodyOf(text: string): Buffer {
  return Buffer.concat([CODING_HEADER, Buffer.from(text)])
}

/** The text in a notification whose body `bodyOf` made; undefined without data. */
export function textOf(notification: Notification): string | undefined {
  if (notification.data === undefined) return undefined
  return Buffer.from(notification.data, 'base64url').toString('utf8', CODING_HEADER.length)
}
