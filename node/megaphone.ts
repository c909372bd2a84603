import type { Clock } from '../cluster/clock.ts'
import {
  type BroadcastId,
  type BroadcastVersion,
  parseBroadcastId,
  parseBroadcastVersion,
} from '../push/broadcast.ts'

/** Where a Megaphone server is. */
export interface MegaphonePlace {
  /** http:// or https:// URL that lists its broadcasts, such as https://megaphone.example/v1/broadcasts. */
  readonly url: string
  /** Bearer token of a reader. */
  readonly token: string | undefined
}

/** What a Megaphone server said. */
export interface MegaphoneList {
  readonly values: ReadonlyMap<BroadcastId, BroadcastVersion>
  /** Broadcasts that were left out, for their name or version is none. */
  readonly unfit: number
  /** To ask with whether it has changed; undefined where the server does not offer it. */
  readonly etag: string | undefined
}

/** Longest wait for a whole answer. */
export const MEGAPHONE_TIMEOUT_MS = 10_000
/** Longest answer: some thousand broadcasts. */
export const MEGAPHONE_BYTES_MAX = 1024 * 1024

const NOT_MODIFIED = 304

/**
 * Asks a Megaphone server for its broadcasts, in the form in which Mozilla's own answers: `{"broadcasts": {"id": "version"}}`.
 * @param etag of the list that is there already
 * @returns undefined where that is the newest still
 * @throws Error that says in one line what is wrong with the answer
 */
export async function askMegaphone(
  { url, token }: MegaphonePlace,
  etag: string | undefined,
  clock: Clock,
): Promise<MegaphoneList | undefined> {
  const stop = new AbortController()
  const timer = clock.after(MEGAPHONE_TIMEOUT_MS, () =>
    stop.abort(new Error(`no whole answer within ${MEGAPHONE_TIMEOUT_MS} ms`)),
  )
  try {
    const headers = {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(etag !== undefined && { 'if-none-match': etag }),
    }
    const response = await fetch(url, { headers, signal: stop.signal })
    if (etag !== undefined && response.status === NOT_MODIFIED) return undefined
    if (!response.ok) throw new Error(`it answers ${response.status}`)
    return listOf(await textOf(response), response.headers.get('etag') ?? undefined)
  } finally {
    timer.cancel()
    // What was not read ends with the connection.
    stop.abort()
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MEGAPHONE_BYTES_MAX) throw new Error(`its answer is longer than ${MEGAPHONE_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function listOf(text: string, etag: string | undefined): MegaphoneList {
  const values = new Map<BroadcastId, BroadcastVersion>()
  let unfit = 0
  for (const [name, value] of Object.entries(broadcastsIn(text))) {
    const id = parseBroadcastId(name)
    const version = typeof value === 'string' ? parseBroadcastVersion(value) : undefined
    if (id === undefined || version === undefined) unfit += 1
    else values.set(id, version)
  }
  return { values, unfit, etag }
}

function broadcastsIn(text: string): object {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new Error('its answer is no JSON')
  }
  const broadcasts: unknown =
    typeof answer === 'object' && answer !== null && Reflect.get(answer, 'broadcasts')
  if (typeof broadcasts !== 'object' || broadcasts === null || Array.isArray(broadcasts))
    throw new Error('its answer has no object "broadcasts"')
  return broadcasts
}
