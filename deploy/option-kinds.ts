import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { type AddressRange, parseAddressRange } from '../push/client-address.ts'
import { SERVICE_KEYS_MAX } from '../push/tokens.ts'
import { describeServiceKeys, parseServiceKeys, SERVICE_KEYS_EXPECTED } from './service-keys.ts'

/** How the text of an option is read. */
export interface Kind<T> {
  /** Stands for the value in the help, as in `--ws-port NUMBER`. */
  readonly placeholder: string
  /** What a right value looks like; follows "must be" in messages. */
  readonly expected: string
  /** The same in as few words as the help needs; empty where the meaning says it. */
  readonly hint: string
  /** Undefined when the text is no such value. Never throws. */
  parse(text: string): T | undefined
  /** Says what a wrong value was, without giving away what may be secret. */
  describe(text: string): string
}

/** Longest part of a wrong value that a message shows. */
const SHOWN_CHARACTERS = 60
const WORKERS_MAX = 1024
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i
const WHOLE_NUMBER = /^\d{1,15}$/

/** Quotes a wrong value; one that may hold a password is described by its length only. */
export function quote(text: string): string {
  if (text.includes('@')) return `a text of ${text.length} characters with an "@" (not shown)`
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text)
}

/** Describes a wrong value that may hold a password, also where it is so wrong that nobody can tell. */
export function describeSecret(text: string): string {
  return `a text of ${text.length} characters (not shown)`
}

/** A whole number between two bounds, both included. */
export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    placeholder: 'NUMBER',
    expected: `a whole number from ${min} to ${max}`,
    hint: `${min} to ${max}`,
    parse(text) {
      const value = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max ? value : undefined
    },
    describe: quote,
  }
}

/** A part of a whole. */
export const fraction: Kind<number> = {
  placeholder: 'NUMBER',
  expected: 'a number from 0 to 1',
  hint: '0 to 1',
  parse(text) {
    const value = /^\d(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
    return value >= 0 && value <= 1 ? value : undefined
  },
  describe: quote,
}

/** What others call a service. */
export const serviceName: Kind<string> = {
  placeholder: 'NAME',
  expected: '1 to 100 letters, digits, dots, dashes and underscores',
  hint: '',
  parse: (text) => (/^[\w.-]{1,100}$/.test(text) ? text : undefined),
  describe: quote,
}

/** A number of processes; `auto` is as many as this one may use cores at a time. */
export const workerCount: Kind<number> = {
  placeholder: 'NUMBER',
  expected: `auto or a whole number from 1 to ${WORKERS_MAX}`,
  hint: `1 to ${WORKERS_MAX}, or auto`,
  parse: (text) => (text === 'auto' ? availableParallelism() : wholeNumber(1, WORKERS_MAX).parse(text)),
  describe: quote,
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[]): Kind<T> {
  return {
    placeholder: 'WORD',
    expected: `one of ${words.join(', ')}`,
    hint: words.join(', '),
    parse: (text) => words.find((word) => word === text),
    describe: quote,
  }
}

/** An address to listen on: an IP address or a host name. */
export const host: Kind<string> = {
  placeholder: 'HOST',
  expected: 'an IP address or a host name, without port or scheme',
  hint: '',
  parse: (text) => (isIP(text) !== 0 || HOST_NAME.test(text) ? text : undefined),
  describe: quote,
}

/** A folder of the file system. */
export const folder: Kind<string> = {
  placeholder: 'FOLDER',
  expected: 'the path of a folder',
  hint: '',
  parse: (text) => (text === '' || text.includes('\0') ? undefined : text),
  describe: quote,
}

/** A file of the file system. */
export const file: Kind<string> = { ...folder, placeholder: 'FILE', expected: 'the path of a file' }

/** An origin (RFC 6454): the value is normalised, because VAPID's `aud` is compared with it as a string. */
export const origin: Kind<string> = {
  placeholder: 'URL',
  expected: 'an http:// or https:// URL with host and port only, like https://push.example.org',
  hint: 'like https://push.example.org',
  parse(text) {
    if (!URL.canParse(text)) return undefined
    const url = new URL(text)
    const bare = url.pathname === '/' && !/[?#@]/.test(text)
    return bare && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined
  },
  describe: quote,
}

/** A secret that is sent as a bearer token (RFC 6750 section 2.1). */
export const bearerToken: Kind<string> = {
  placeholder: 'TOKEN',
  expected: '16 to 1024 of the characters A-Z a-z 0-9 . _ ~ + / -, and = at the end',
  hint: '16 to 1024 characters',
  parse: (text) =>
    /^[A-Za-z0-9._~+/-]+=*$/.test(text) && text.length >= 16 && text.length <= 1024 ? text : undefined,
  describe: describeSecret,
}

/** A comma-separated list of addresses and ranges of them. */
export const addressRanges: Kind<readonly AddressRange[]> = {
  placeholder: 'ADDRESSES',
  expected: 'IP addresses or ranges, separated by commas, like 10.0.0.0/8,::1',
  hint: 'like 10.0.0.0/8,::1',
  parse(text) {
    const ranges = text.split(',').map((each) => parseAddressRange(each.trim()))
    const right = ranges.filter((range) => range !== undefined)
    return right.length === ranges.length ? right : undefined
  },
  describe: quote,
}

/** A comma-separated list of service keys. */
export const serviceKeys: Kind<readonly Uint8Array[]> = {
  placeholder: 'KEYS',
  expected: SERVICE_KEYS_EXPECTED,
  hint: `1 to ${SERVICE_KEYS_MAX}, separated by commas`,
  parse: (text) => parseServiceKeys(splitKeys(text)),
  describe: (text) => describeServiceKeys(splitKeys(text)),
}

function splitKeys(text: string): string[] {
  return text.split(',').map((key) => key.trim())
}
