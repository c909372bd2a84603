/** A certificate with those that vouch for it, and its key, in PEM: what a server shows to be trusted. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** The files that hold them. */
export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}
