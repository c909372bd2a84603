import { statSync } from 'node:fs'
import { type Clock, dateMs, type Timer } from '../cluster/clock.ts'
import type { Log } from '../push/log.ts'
import { type LoadedCertificate, readCertificate } from './certificate.ts'
import { codeOf, StartError } from './start-error.ts'

/** The files are looked at this often. */
const LOOK_MS = 5000

/** Takes a certificate into use; what it throws leaves the former one in use. */
export type UseCertificate = (certificate: LoadedCertificate) => void

/**
 * Keeps the certificate of a process up to date: it is read again when told to, and when its files have changed and then stayed the
 * same from one look to the next, so that nobody complains of a certificate whose key is still being written. One that is bad is logged, and the
 * former stays in use.
 */
export class CertificateKeeper {
  readonly #clock: Clock
  readonly #log: Log
  readonly #users: UseCertificate[] = []
  #current: LoadedCertificate
  #seen: string
  #tried: string
  #looking: Timer

  constructor(first: LoadedCertificate, { clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock
    this.#log = log
    this.#current = first
    this.#seen = this.#look()
    this.#tried = this.#seen
    this.#looking = this.#lookLater()
    this.#warnOfTimes()
  }

  /** The one in use. */
  get current(): LoadedCertificate {
    return this.#current
  }

  /** Tells of every certificate that comes after this moment. */
  add(user: UseCertificate): void {
    this.#users.push(user)
  }

  /** Reads the files again. */
  reload(): void {
    this.#tried = this.#look()
    try {
      this.#take(readCertificate(this.#current))
    } catch (error) {
      const reason = error instanceof StartError ? error.message : String(error)
      this.#log.error({ reason }, 'the certificate stays as it is')
    }
  }

  /** Looks no more. */
  close(): void {
    this.#looking.cancel()
  }

  #take(next: LoadedCertificate): void {
    const { certificate, key } = this.#current
    if (next.certificate === certificate && next.key === key)
      return this.#log.info({}, 'the certificate is the one in use')
    for (const use of this.#users) use(next)
    this.#current = next
    this.#log.info({ validTo: next.validTo }, 'another certificate is in use for new connections')
    this.#warnOfTimes()
  }

  #warnOfTimes(): void {
    const { validFrom, validTo } = this.#current
    const nowMs = this.#clock.nowMs()
    if (nowMs > dateMs(validTo))
      this.#log.warn({ validTo }, 'the certificate has expired: clients will refuse it')
    if (nowMs < dateMs(validFrom))
      this.#log.warn({ validFrom }, 'the certificate is not valid yet: clients will refuse it')
  }

  #lookLater(): Timer {
    return this.#clock.after(LOOK_MS, () => {
      this.#looking = this.#lookLater()
      const seen = this.#look()
      const isSettled = seen === this.#seen
      this.#seen = seen
      if (isSettled && seen !== this.#tried) this.reload()
    })
  }

  #look(): string {
    const { certificateFile, keyFile } = this.#current
    return [certificateFile, keyFile].map(stateOf).join()
  }
}

/** What tells a file from what it will be when it has changed; links are followed. */
function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file)
    return [ino, size, mtimeMs, ctimeMs].join('/')
  } catch (error) {
    return codeOf(error) ?? 'unreadable'
  }
}
