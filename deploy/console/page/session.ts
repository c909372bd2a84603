import type { ClusterFigures, ConsoleSettings } from '../figures.ts'

/** Kept for as long as the tab: closing it is signing out. */
const KEY = 'pushgrid-admin-token'

/** The service wants the admin token, or another one than this. */
export class TokenNeeded extends Error {}

/** Keeps the admin token for what this tab asks from now on. */
export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token)
}

/** Asks what the page has to know of the service. @throws TokenNeeded, or Error when it can't be reached */
export async function readSettings(): Promise<ConsoleSettings> {
  const response = await ask('/console/settings')
  return response.json()
}

/**
 * Reads the figures of the service for as long as it sends them.
 * @throws TokenNeeded, or Error when it can't be reached, or can't any more
 */
export async function watchFigures(
  see: (figures: ClusterFigures) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await ask('/console/figures', signal)
  if (response.body === null) return
  let rest = ''
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const events = (rest + value).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) if (event.startsWith('data: ')) see(JSON.parse(event.slice('data: '.length)))
  }
}

async function ask(path: string, signal?: AbortSignal): Promise<Response> {
  const token = sessionStorage.getItem(KEY)
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(path, { headers, cache: 'no-store', ...(signal && { signal }) })
  if (response.status === 401) throw new TokenNeeded()
  if (!response.ok) throw new Error(await refusalOf(response))
  return response
}

/** What the service says of a refusal; something in front of it may have answered in its place, in another form. */
async function refusalOf(response: Response): Promise<string> {
  const { message }: { message?: string } = await response.json().catch(() => ({}))
  return `the service answers ${response.status}${message === undefined ? '' : `: ${message}`}`
}
