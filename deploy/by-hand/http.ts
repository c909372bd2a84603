import { type Dispatcher, request } from 'undici'
import { Unreachable } from '../start-error.ts'
import { unreachableReason } from './unreachable.ts'

/** What is asked of a server. */
export interface Asking {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | undefined
  /** How long the answer may take. */
  readonly timeoutMs?: number
}

/** What it answers. */
export interface HttpAnswer {
  readonly status: number
  readonly statusText: string
  readonly headers: Dispatcher.ResponseData['headers']
  readonly body: string
}

const TIMEOUT_MS = 30_000

/** Makes one HTTP request, to `http://` as well as `https://`. @throws Unreachable when there is no answer */
export async function ask(
  url: string,
  { method, headers, body, timeoutMs = TIMEOUT_MS }: Asking,
): Promise<HttpAnswer> {
  try {
    const answer = await request(url, {
      method,
      headers: headers ?? {},
      body: body ?? null,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    })
    const { statusCode: status, statusText } = answer
    return { status, statusText, headers: answer.headers, body: await answer.body.text() }
  } catch (error) {
    throw new Unreachable(`can't reach ${new URL(url).origin}: ${unreachableReason(error)}`, error)
  }
}

/** A header that should come once. */
export function headerOf({ headers }: HttpAnswer, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
