import { isLoopback } from '../../push/loopback.ts'
import { type Options, variableOf } from '../options.ts'
import { StartError } from '../start-error.ts'

/** Who may see the console of a process: nobody, whoever is at this machine, or who has the admin token. */
export type ConsoleAccess =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'local' }
  | { readonly kind: 'token'; readonly token: string }

type AccessOptions = Pick<Options, 'console' | 'host' | 'adminToken'>

/**
 * Decides who may see the console. A process is for this machine alone where it listens on loopback and its endpoint URLs lead there, too: one behind a proxy on
 * the same machine listens like that, but is known to the world by another name.
 * @throws StartError where it would be for others, and there is no token to tell them by
 */
export function consoleAccess(
  { console, host, adminToken }: AccessOptions,
  publicUrl: string,
): ConsoleAccess {
  const isLocal = isLoopback(host) && isLoopback(new URL(publicUrl).hostname)
  if (console === 'off' || (console === 'auto' && !isLocal)) return { kind: 'nobody' }
  if (console === 'on' && adminToken !== undefined) return { kind: 'token', token: adminToken }
  if (isLocal) return { kind: 'local' }
  throw new StartError(
    `${variableOf('console')} is on, and this process is not for this machine alone: it needs ${variableOf('adminToken')}, too`,
  )
}
