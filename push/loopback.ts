import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Whether a host, a name or an address (also with the brackets of a URL), is this machine and can't be any other: one that a name server is asked for could be. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (bare === 'localhost') return true
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback'
}

/** The same for a host with or without a port, as in a Host header. */
export function isLoopbackAuthority(authority: string): boolean {
  const url = `http://${isIPv6(authority) ? `[${authority}]` : authority}`
  if (!URL.canParse(url)) return false
  const { hostname, username, password, pathname, search, hash } = new URL(url)
  return isLoopback(hostname) && username + password + search + hash === '' && pathname === '/'
}
