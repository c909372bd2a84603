import type { ConsoleSettings } from '../../figures.ts'

/** What was made of a URL that somebody has typed. */
export type ReadUrl =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'wrong'; readonly why: string }

/** Reads the URL of the websocket side of a push service. */
export function websocketUrl(text: string): ReadUrl {
  const trimmed = text.trim()
  if (!URL.canParse(trimmed))
    return wrong('That is no URL: one is like wss://push.example.org/ or ws://localhost:8080/.')
  const url = new URL(trimmed)
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:')
    return wrong('The URL has to begin with ws:// or wss://.')
  if (url.hash !== '') return wrong('The URL of a websocket has no # part.')
  return { kind: 'url', url: url.href }
}

/**
 * Where the websocket side of the service is that a page came from: on its port where it is of the same process, else most likely where the
 * world finds the service, for a proxy with one name has both sides behind it.
 */
export function defaultWebsocketUrl(
  page: { readonly protocol: string; readonly hostname: string },
  { wsPort, publicUrl }: Pick<ConsoleSettings, 'wsPort' | 'publicUrl'>,
): string {
  const { protocol, host } =
    wsPort === null ? new URL(publicUrl) : { protocol: page.protocol, host: `${page.hostname}:${wsPort}` }
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/`
}

function wrong(why: string): ReadUrl {
  return { kind: 'wrong', why }
}
