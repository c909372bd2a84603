import { toBase64url } from './base64url.ts'

/** What is in a notification, for a reader. */
export type Content =
  | { readonly kind: 'empty' }
  | { readonly kind: 'text'; readonly text: string; readonly bytes: number }
  /** No UTF-8. */
  | { readonly kind: 'binary'; readonly base64url: string; readonly bytes: number }
  | { readonly kind: 'unreadable'; readonly why: string }

/** What decrypted bytes are. */
export function contentOfBytes(bytes: Uint8Array): Content {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { kind: 'text', text, bytes: bytes.length }
  } catch {
    return { kind: 'binary', base64url: toBase64url(bytes), bytes: bytes.length }
  }
}

/** A parameter of the headers that the older encoding, aesgcm, comes with. @throws Error when it is not there */
export function parameterOf(header: string | undefined, name: string): string {
  const [, value] = new RegExp(`(?:^|[;,])\\s*${name}="?([\\w-]+)`).exec(header ?? '') ?? []
  if (value === undefined) throw new Error(`its headers have no ${name}`)
  return value
}

/** Why a message of an encoding that nobody here knows can't be read. */
export function unknownEncoding(encoding: string | undefined): string {
  return `its encoding is ${encoding ?? 'not said'}`
}
