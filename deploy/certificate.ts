import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Certificate, CertificateFiles } from '../push/certificate.ts'
import { readNamedFile } from './named-file.ts'
import { type OptionName, variableOf } from './options.ts'
import { codeOf, StartError } from './start-error.ts'

/** A certificate that can be used, with the files it is from. */
export interface LoadedCertificate extends Certificate, CertificateFiles {
  /** The dates between which it is valid, as Node words them. */
  readonly validFrom: string
  readonly validTo: string
}

/**
 * Reads the certificate and its key, and sees that they can be used: uWebSockets.js would only say that they can't, or ask the terminal
 * for a passphrase.
 * @throws StartError
 */
export function readCertificate(files: CertificateFiles): LoadedCertificate {
  const certificate = readNamedFile('tlsCertFile', files.certificateFile)
  const key = readNamedFile('tlsKeyFile', files.keyFile)
  const first = parseCertificate(certificate, files.certificateFile)
  if (!first.checkPrivateKey(parseKey(key, files.keyFile)))
    throw new StartError(
      `the key in ${files.keyFile} (${variableOf('tlsKeyFile')}) is not that of the first certificate in ${files.certificateFile}`,
    )
  try {
    createSecureContext({ cert: certificate, key })
  } catch (error) {
    throw unusable('tlsCertFile', files.certificateFile, `can't be used (${codeOf(error) ?? error})`, error)
  }
  const { validFrom, validTo } = first
  return { ...files, certificate, key, validFrom, validTo }
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw unusable('tlsCertFile', file, 'holds no certificate in PEM', error)
  }
}

function parseKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    // Node has a code for a missing passphrase with some kinds of key only.
    const isProtected = pem.includes('ENCRYPTED')
    const what = isProtected ? 'is protected by a passphrase: take that away' : 'holds no private key in PEM'
    throw unusable('tlsKeyFile', file, what, error)
  }
}

function unusable(option: OptionName, file: string, what: string, cause: unknown): StartError {
  return new StartError(`the file that ${variableOf(option)} names ${what}: ${file}`, cause)
}
