/** What is used here of http_ece, which brings no types. */
declare module 'http_ece' {
  import type { ECDH } from 'node:crypto'

  export interface DecryptParameters {
    version: 'aes128gcm' | 'aesgcm'
    privateKey: ECDH
    /** In base64url, as the others. */
    authSecret: string
    /** aesgcm only: aes128gcm has them in the body. */
    salt?: string
    dh?: string
  }

  /** @throws Error when the body was not encrypted for this key, or is damaged */
  export function decrypt(body: Buffer, parameters: DecryptParameters): Buffer
}
