import { Agent } from 'node:https'
import net from 'node:net'

/** `web-push` always speaks https; with this agent it speaks to a plain port. */
export function plainAgent(): Agent {
  return Object.assign(new Agent({ keepAlive: true }), {
    createConnection: ({ host = 'localhost', port = 0 }: { host?: string; port?: number }) =>
      net.connect({ host, port }),
  })
}
