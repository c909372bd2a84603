import t from 'tap'
import { CLOSE_CODES, FAILURES, type Failure, type FailureCode, PushError } from './errors.ts'

/** The numbers that application servers know, status by status; 117 is our own, for receipts, and 999 is autopush's for all others. */
const ERRNOS: Readonly<Record<number, readonly number[]>> = {
  400: [101, 108, 110, 111, 112, 113, 114, 115, 117, 999],
  401: [109],
  403: [999],
  404: [102],
  405: [999],
  408: [999],
  409: [999],
  410: [103, 106],
  413: [104],
  429: [116],
  431: [999],
  500: [999],
  503: [201, 202],
}

const failures = Object.entries<Failure>(FAILURES)

t.test('every failure has a status and a number that go together', async (t) => {
  for (const [code, failure] of failures) {
    t.ok(ERRNOS[failure.status]?.includes(failure.errno), `${code}: ${failure.status}/${failure.errno}`)
  }
})

t.test('every status and number of the table is there', async (t) => {
  const seen = new Set(failures.map(([, { status, errno }]) => `${status}/${errno}`))
  const all = Object.entries(ERRNOS).flatMap(([status, errnos]) =>
    errnos.map((errno) => `${status}/${errno}`),
  )
  t.strictSame([...seen].sort(), all.sort())
})

t.test('who is told to come again is told when, and nobody else', async (t) => {
  for (const [code, { status, retryAfterSeconds }] of failures) {
    t.equal(retryAfterSeconds !== undefined, status === 503 || status === 429, code)
  }
})

t.test('an error carries its failure, a detail for the client and a cause for the log', async (t) => {
  const cause = new Error('disk')
  const error = new PushError('storeDown', 'try later', cause)
  t.match(error, { name: 'PushError', code: 'storeDown', message: 'try later', failure: { status: 503 } })
  t.equal(error.cause, cause)
  const plain = new PushError('ttlMissing' satisfies FailureCode)
  t.equal(plain.message, FAILURES.ttlMissing.message)
  t.equal('cause' in plain, false)
})

t.test('no close code is one that Firefox stays away after', async (t) => {
  for (const [reason, code] of Object.entries<number>(CLOSE_CODES)) {
    t.not(code, 4774, reason)
    t.ok(code >= 1000 && code <= 1015, reason)
  }
})
