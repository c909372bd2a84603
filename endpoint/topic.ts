import { accept, type Checked, refuse } from './checked.ts'

const TOPIC = /^[A-Za-z0-9_-]{1,32}$/

/** Reads the Topic header (RFC 8030 section 5.4); undefined when there is none. */
export function parseTopic(header: string | undefined): Checked<string | undefined> {
  if (header === undefined || TOPIC.test(header)) return accept(header)
  return refuse('topicInvalid', 'The Topic header must have 1 to 32 characters of the base64url alphabet')
}
