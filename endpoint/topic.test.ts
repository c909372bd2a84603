import fc from 'fast-check'
import t from 'tap'
import { parseTopic } from './topic.ts'

t.test('no topic is none', async (t) => {
  t.strictSame(parseTopic(undefined), { ok: true, value: undefined })
})

t.test('1 to 32 characters of the base64url alphabet are a topic', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/), (header) => {
        const topic = parseTopic(header)
        return topic.ok && topic.value === header
      }),
    ),
  )
})

t.test('anything else is 113', async (t) => {
  for (const header of ['', 'a'.repeat(33), 'a b', 'a, b', 'a=', 'a+b', 'a/b', 'é', 'a\n']) {
    t.match(parseTopic(header), { ok: false, code: 'topicInvalid' }, JSON.stringify(header))
  }
})

t.test('whatever text comes, it is read unchanged or refused', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.string(), (header) => {
        const topic = parseTopic(header)
        return !topic.ok || topic.value === header
      }),
    ),
  )
})
