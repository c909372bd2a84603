import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** What push services of autopush's kind answer with a failure. */
const FailureSchema = Type.Object({
  code: Type.Optional(Type.Integer()),
  errno: Type.Integer(),
  error: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
})

/** One of them. */
export type Failure = Static<typeof FailureSchema>

const LATER = 'Wait for as long as Retry-After says, and longer each time.'

/** What to do about a failure, by its errno: those of autopush, and 115 to 117 of Pushgrid. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [101, 'A message in the older encoding lacks the key that it was encrypted with.'],
  [
    102,
    'The service has not made this URL, or has lost the key it was made with: drop it. Of a message it says that it is not there any more.',
  ],
  [103, 'Drop this subscription: it was the last one of its user agent, or all of them have ended.'],
  [104, 'Send less: every push service takes a text of 3,993 bytes, and some a little more.'],
  [106, 'Drop it: it does not come back.'],
  [108, 'There are no bridges to other push services here: connect by websocket.'],
  [
    109,
    'A subscription that was made with a VAPID key takes messages signed by that key only. The message above says which claim of a token is wrong.',
  ],
  [
    110,
    'The body has to be encrypted, by another key than the one that signs, and the headers have to say how.',
  ],
  [111, 'Say with TTL how many seconds the message is to be kept.'],
  [112, 'A TTL is a whole number of seconds.'],
  [113, 'A topic has 1 to 32 characters of A-Z a-z 0-9 _ -.'],
  [114, 'A TTL is 0 or more.'],
  [115, 'An urgency is very-low, low, normal or high, said once.'],
  [116, 'Too many messages for this subscription or user agent: wait for as long as Retry-After says.'],
  [117, 'The receipt subscription is none of this service any more. The next message gets a new one.'],
  [201, `Not possible at the moment. ${LATER}`],
  [202, 'Nobody answered in time: try again at once.'],
])

/** Reads the body of an answer; undefined when it is no failure of that form. Never throws. */
export function parseFailure(body: string): Failure | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return Value.Check(FailureSchema, value) ? value : undefined
  } catch {
    return undefined
  }
}

/** What to do about a failure; undefined where its message says all there is to say. */
export function adviceFor({ errno }: Failure): string | undefined {
  return ADVICE.get(errno)
}
