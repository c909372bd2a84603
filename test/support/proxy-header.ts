import { isIPv4 } from 'node:net'

/** Begins every header of the PROXY protocol, version 2 (section 2.2 of its specification). */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const VERSION_2_PROXY = 0x21
const TCP_OVER_IPV4 = 0x11
const ADDRESSES_BYTES = 12

/** The header by which a proxy says whose connection it passes on. @param source an IPv4 address */
export function proxyHeader(source: string): Buffer {
  if (!isIPv4(source)) throw new RangeError(`${source} is no IPv4 address`)
  const addresses = [...source.split('.').map(Number), 127, 0, 0, 1]
  const ports = [0x30, 0x39, 0x1f, 0x90]
  return Buffer.concat([
    SIGNATURE,
    Buffer.from([VERSION_2_PROXY, TCP_OVER_IPV4, 0, ADDRESSES_BYTES, ...addresses, ...ports]),
  ])
}
