import { describeSecret, type Kind } from './option-kinds.ts'

/** User, hosts and database; the driver reads the rest. An `@` that is not percent-encoded would cut a password in two. */
const MONGODB_URL = /^mongodb(?:\+srv)?:\/\/(?:[^@/\s]+@)?[^@/?\s]+(?:\/[^@?\s]*)?(?:\?[^@\s]*)?$/

/** URL of the MongoDB database. */
export const mongodbUrl: Kind<string> = {
  placeholder: 'URL',
  expected: 'a mongodb:// or mongodb+srv:// URL, like mongodb://user:password@host:27017/pushgrid',
  hint: 'mongodb://host:27017/name or mongodb+srv://host/name',
  parse: (text) => (MONGODB_URL.test(text) ? text : undefined),
  describe: describeSecret,
}
