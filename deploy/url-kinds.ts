import { describeSecret, type Kind, quote } from './option-kinds.ts'

/** User, hosts and database; the driver reads the rest. An `@` that is not percent-encoded would cut a password in two. */
const MONGODB_URL = /^mongodb(?:\+srv)?:\/\/(?:[^@/\s]+@)?[^@/?\s]+(?:\/[^@?\s]*)?(?:\?[^@\s]*)?$/

/** URL of something on the web, without credentials. */
export const webUrl: Kind<string> = {
  placeholder: 'URL',
  expected:
    'an http:// or https:// URL without user and password, like https://megaphone.example/v1/broadcasts',
  hint: 'like https://megaphone.example/v1/broadcasts',
  parse(text) {
    if (!URL.canParse(text)) return undefined
    const { protocol, username, password } = new URL(text)
    const isPlain = username === '' && password === ''
    return isPlain && (protocol === 'http:' || protocol === 'https:') ? text : undefined
  },
  describe: quote,
}

/** URL of the MongoDB database. */
export const mongodbUrl: Kind<string> = {
  placeholder: 'URL',
  expected: 'a mongodb:// or mongodb+srv:// URL, like mongodb://user:password@host:27017/pushgrid',
  hint: 'mongodb://host:27017/name or mongodb+srv://host/name',
  parse: (text) => (MONGODB_URL.test(text) ? text : undefined),
  describe: describeSecret,
}

/** URL of a collector of traces; credentials of it go into a proxy. */
export const collectorUrl: Kind<string> = {
  placeholder: 'URL',
  expected: 'an http:// or https:// URL without user and password, like http://collector:4318/v1/traces',
  hint: 'like http://collector:4318/v1/traces',
  parse(text) {
    if (!URL.canParse(text)) return undefined
    const { protocol, username, password } = new URL(text)
    const isPlain = username === '' && password === ''
    return isPlain && (protocol === 'http:' || protocol === 'https:') ? text : undefined
  },
  describe: quote,
}
