import { once } from 'node:events'
import { createServer } from 'node:net'
import { flagOf, variableOf } from './options.ts'
import { codeOf, StartError } from './start-error.ts'

/**
 * Finds out whether a port can be listened on, by doing so for a moment. uWebSockets.js does not say why it could
 * not, and a used port must be told from a wrong address.
 * @param option name of the option that gave the port
 * @returns the port; with `port` 0 one that was free
 * @throws StartError
 */
export async function probePort(host: string, port: number, option: 'wsPort' | 'httpPort'): Promise<number> {
  const server = createServer()
  try {
    server.listen({ host, port })
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  } catch (error) {
    throw new StartError(reasonOf(codeOf(error), host, port, option), error)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

function reasonOf(code: string | undefined, host: string, port: number, option: string): string {
  const named = `${flagOf(option)} (${variableOf(option)})`
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use: stop what listens there, or choose another with ${named}`
    case 'EACCES':
      return `port ${port} on ${host} needs more rights than this user has: choose one above 1023 with ${named}`
    default:
      return `can't listen on ${host} (${code ?? 'unknown reason'}): choose an address of this machine with --host (PUSHGRID_HOST)`
  }
}
