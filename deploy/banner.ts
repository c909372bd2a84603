import { isIPv6 } from 'node:net'
import { styleText } from 'node:util'
import type { Options } from './options.ts'

/** Where a started process can be reached. */
export interface Listening {
  /** Absent where the process has no websocket side. */
  readonly wsPort?: number
  /** Absent where the process has no endpoint side. */
  readonly httpPort?: number
  /** Origin of endpoint URLs. */
  readonly publicUrl: string
  /** Absent where there is no console. */
  readonly consoleUrl?: string
}

/** Where a process with a websocket side can be reached. */
export type ListeningNode = Listening & { readonly wsPort: number }

/** Addresses that mean "all of this machine's" and that nobody can connect to. */
const WILDCARDS: readonly string[] = ['0.0.0.0', '::']

/** The URL of the websocket side, for Firefox's `dom.push.serverURL`. */
export function websocketUrl(
  { host, tlsCertFile }: Pick<Options, 'host' | 'tlsCertFile'>,
  listening: ListeningNode,
): string {
  const scheme = tlsCertFile === undefined ? 'ws' : 'wss'
  const name = WILDCARDS.includes(host) ? new URL(listening.publicUrl).hostname : host
  return `${scheme}://${isIPv6(name) ? `[${name}]` : name}:${listening.wsPort}/`
}

/** What a person who has just started the service has to know to use it. */
export function banner(
  options: Pick<Options, 'host' | 'tlsCertFile' | 'dataDir'>,
  listening: Listening & Required<Pick<Listening, 'wsPort' | 'httpPort'>>,
  colours: boolean,
): string {
  const strong = (text: string) => (colours ? styleText('bold', text, { validateStream: false }) : text)
  const wsUrl = websocketUrl(options, listening)
  const isSecure = options.tlsCertFile !== undefined
  const insecure = isSecure
    ? ''
    : `
  dom.push.testing.allowInsecureServerURL    true   (a boolean to create; needed for ws://)`
  const hint = isSecure
    ? 'Firefox has to trust the certificate and the name in it.'
    : 'Behind a TLS proxy use its wss:// address instead, without the second setting.'
  const { consoleUrl } = listening
  const look = consoleUrl === undefined ? '' : `\n  figures and playground   ${strong(consoleUrl)}`
  return `
${strong('Pushgrid is listening.')}

  Firefox connects to      ${strong(wsUrl)}
  application servers to   ${listening.publicUrl}  (port ${listening.httpPort})
  data and service key     ${options.dataDir}${look}

Point Firefox at it: open about:config, set
  dom.push.serverURL                         ${strong(wsUrl)}${insecure}
and restart Firefox. Then allow notifications on a site that sends them: its next push comes through here.
${hint}

Is it up?   curl -i ${listening.publicUrl}/health
Stop it     with Ctrl+C or SIGTERM: what was accepted is delivered or stored first.
`
}
