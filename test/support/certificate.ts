import { generateKeyPairSync, sign } from 'node:crypto'

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/**
 * Makes a self-signed certificate for localhost and 127.0.0.1 with a fresh key (RFC 5280), good for this test run: tests that speak TLS need
 * one, and a key kept in the tree would look like a secret.
 */
export function selfSignedCertificate(name: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = sequence(set(sequence(oid(COMMON_NAME), tagged(0x0c, Buffer.from(name)))))
  const algorithm = sequence(oid(ECDSA_WITH_SHA256))
  const toBeSigned = sequence(
    tagged(0xa0, integer(2)),
    integer(1),
    algorithm,
    subject,
    sequence(
      tagged(UTC_TIME, Buffer.from('200101000000Z')),
      tagged(GENERALIZED_TIME, Buffer.from('21000101000000Z')),
    ),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(authority(), loopback())),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  const der = sequence(toBeSigned, algorithm, tagged(0x03, Buffer.of(0), signature))
  return {
    certificate: pem('CERTIFICATE', der),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const COMMON_NAME = [0x55, 0x04, 0x03]
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13]
const ALTERNATIVE_NAME = [0x55, 0x1d, 0x11]
const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]

/** It may vouch for itself. */
function authority(): Buffer {
  return sequence(oid(BASIC_CONSTRAINTS), tagged(0x04, sequence(tagged(0x01, Buffer.of(0xff)))))
}

function loopback(): Buffer {
  const names = sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.of(127, 0, 0, 1)))
  return sequence(oid(ALTERNATIVE_NAME), tagged(0x04, names))
}

/** One value in DER (X.690): tag, length, content. */
function tagged(tag: number, ...content: readonly Buffer[]): Buffer {
  const { length } = Buffer.concat(content)
  return Buffer.concat([Buffer.of(tag, ...shortestLength(length)), ...content])
}

function shortestLength(length: number): readonly number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function sequence(...content: readonly Buffer[]): Buffer {
  return tagged(0x30, ...content)
}

function set(...content: readonly Buffer[]): Buffer {
  return tagged(0x31, ...content)
}

function integer(value: number): Buffer {
  return tagged(0x02, Buffer.of(value))
}

function oid(bytes: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
