import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A range of addresses (CIDR, RFC 4632). */
export interface AddressRange {
  readonly base: Address
  readonly bits: number
}

/** Of an IPv6 address the part that one customer has. */
const IPV6_GROUP_BYTES = 8

/** Reads an address or a range, such as `10.0.0.0/8` or `::1`; undefined when it is neither. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const whole = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`
  if (!ipaddr.isValidCIDR(whole)) return undefined
  const [base, bits] = ipaddr.parseCIDR(whole)
  return { base, bits }
}

/**
 * Tells clients apart by their addresses. Behind a proxy the address is the one that it says, in X-Forwarded-For, but only a peer that is trusted is believed.
 */
export class ClientAddresses {
  readonly #trusted: readonly AddressRange[]

  /** @param trusted proxies */
  constructor(trusted: readonly AddressRange[]) {
    this.#trusted = trusted
  }

  /**
   * What all connections of one client have in common: its IPv4 address, or the first 64 bits of its IPv6 one.
   * @param peer address of the other end of the connection
   * @param forwardedFor list of addresses, each added by a proxy that was asked by it; read only where the peer is trusted
   */
  groupOf(peer: string, forwardedFor: () => string): string {
    const address = parse(peer)
    if (address === undefined) return peer
    return groupOf(this.#isTrusted(address) ? this.#beyond(address, forwardedFor()) : address)
  }

  /** Goes back from proxy to proxy as long as each is trusted; whoever is named by one that is not may be made up. */
  #beyond(nearest: Address, forwardedFor: string): Address {
    let client = nearest
    for (const text of forwardedFor.split(',').reverse()) {
      const next = parse(text.trim())
      if (next === undefined) return client
      client = next
      if (!this.#isTrusted(client)) return client
    }
    return client
  }

  #isTrusted(address: Address): boolean {
    return this.#trusted.some(({ base, bits }) => base.kind() === address.kind() && address.match(base, bits))
  }
}

/** IPv4 within IPv6, as sockets that listen on both give it, is IPv4. */
function parse(text: string): Address | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined
}

function groupOf(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString()
  return Buffer.from(address.toByteArray().slice(0, IPV6_GROUP_BYTES)).toString('hex')
}
