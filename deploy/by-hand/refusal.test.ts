import fc from 'fast-check'
import t from 'tap'
import { FAILURES } from '../../push/errors.ts'
import type { HttpAnswer } from './http.ts'
import { refusalOf } from './refusal.ts'

const GONE: HttpAnswer = { status: 410, statusText: 'Gone', headers: {}, body: '' }

/** What is said of an answer. */
function said(answer: Partial<HttpAnswer>): string {
  return refusalOf({ ...GONE, ...answer }).message
}

/** The body of a failure. */
function failure(errno: number, message?: string): { body: string } {
  return { body: JSON.stringify({ code: 410, errno, error: 'Gone', message }) }
}

t.test('status, errno and the words of the server', (t) => {
  t.equal(refusalOf(GONE).exitCode, 1)
  t.equal(said(failure(999, 'Go away')), '410 Gone, errno 999: Go away')
  t.equal(said(failure(999)), '410 Gone, errno 999')
  for (const body of ['', '<html>Gone</html>', 'null', '{"errno":"103"}', '{"message":"only words"}'])
    t.equal(said({ body }), '410 Gone', body)
  t.equal(said({ status: 502, statusText: 'Bad Gateway' }), '502 Bad Gateway')
  t.end()
})

t.test('what to do, where it is known', (t) => {
  for (const [code, advice] of [
    ['tokenInvalid', /\(this server has not made it, or has lost the service key/],
    ['agentGone', /\(the subscription has ended: drop it/],
    ['notSubscribed', /\(the subscription has ended: drop it/],
    ['bodyTooLarge', /\(every push service takes a text of 3,993 bytes/],
    ['vapidInvalid', /\(a restricted subscription .*: use the same --vapid file\)$/],
  ] as const)
    t.match(said(failure(FAILURES[code].errno, 'words')), advice, code)
  t.equal(said({ headers: { 'retry-after': '10' } }), '410 Gone (try again in 10 s)')
  t.equal(said({ headers: { 'retry-after': '0' } }), '410 Gone', 'at once is no advice')
  t.match(said({ headers: { 'retry-after': '5' }, ...failure(104, 'Big') }), /more; try again in 5 s\)$/)
  t.end()
})

t.test('whatever a server answers, it is one line that does nothing to a terminal', (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\u001b[2J\r\n\u202e'))
  fc.assert(
    fc.property(text, text, text, fc.boolean(), (statusText, message, retryAfter, isJson) => {
      const body = isJson ? JSON.stringify({ errno: 1, message }) : message
      t.notMatch(said({ statusText, body, headers: { 'retry-after': retryAfter } }), /[\p{Cc}\u202e]/u)
    }),
  )
  t.end()
})
