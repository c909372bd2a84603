import t, { type Test } from 'tap'
import type { Clock } from '../../cluster/clock.ts'
import { type Scripted, ScriptedHttp } from './fixtures/scripted-http.ts'
import type { HttpAnswer } from './http.ts'
import { awaitReceipt, receiptUrlOf } from './receipt.ts'

const MESSAGE = 'https://push.example/m/1'
const NOTHING: Scripted = { status: 204 }

/** A clock on which every wait is over as soon as it has begun. */
function impatientClock(): Clock {
  let nowMs = 0
  const after: Clock['after'] = (delayMs, run) => {
    nowMs += delayMs
    queueMicrotask(run)
    return { cancel: () => {} }
  }
  return { nowMs: () => nowMs, monotonicMs: () => nowMs, after, afterTurn: (run) => void after(0, run) }
}

/** A receipt, among those of other messages. */
function told(status: number): Scripted {
  const receipts = [
    { id: '1', message: 'https://push.example/m/other', status: 410 },
    { id: '2', message: MESSAGE, status },
  ]
  return { status: 200, body: JSON.stringify({ receipts }) }
}

/** Waits for the receipt at a server that gives these answers to GET, the last one again and again, each after the wait that it was asked for. */
async function wait(t: Test, seconds: number, answers: readonly Scripted[], deleted: Scripted = NOTHING) {
  const clock = impatientClock()
  const left = [...answers]
  const server = await ScriptedHttp.start(({ method, headers }) => {
    if (method === 'DELETE') return deleted
    const answer = left.length > 1 ? left.shift() : left[0]
    const [, waited = '0'] = /^wait=(\d+)$/.exec(`${headers['prefer']}`) ?? []
    if (answer === NOTHING) clock.after(Number(waited) * 1000, () => {})
    return answer ?? 'cut'
  })
  t.teardown(() => server.stop())
  const outcome = await awaitReceipt(`${server.url}/r/1`, MESSAGE, seconds, clock)
  return {
    outcome,
    asked: server.asked.map(({ method, path, headers }) => [method, path, headers['prefer']]),
  }
}

t.test('where the receipt will be', (t) => {
  const urlOf = (link: string | string[] | undefined) => {
    const answer: HttpAnswer = { status: 202, statusText: '', headers: { link }, body: '' }
    return receiptUrlOf(answer, 'https://push.example/wpush/v1/x')
  }
  const rel = 'urn:ietf:params:push:receipt'
  t.equal(urlOf(`<https://receipts.example/r/1>; rel="${rel}"`), 'https://receipts.example/r/1')
  t.equal(urlOf([`</r/1>;rel=${rel}`]), 'https://push.example/r/1', 'against the endpoint')
  t.equal(urlOf(['</other>; rel="next"', `</r/1>; rel="${rel}"`]), 'https://push.example/r/1')
  t.equal(urlOf(`</other>; rel="next", </r/1>; rel="${rel}"`), 'https://push.example/r/1')
  for (const link of [undefined, '', '</r/1>; rel="next"', `<http://:x>; rel="${rel}"`])
    t.equal(urlOf(link), undefined, `${link}`)
  t.end()
})

t.test('what became of the message; then the receipt subscription is ended', async (t) => {
  for (const [status, outcome] of [
    [204, 'acknowledged'],
    [410, 'notDelivered'],
  ] as const)
    t.same(await wait(t, 10, [told(status)]), {
      outcome,
      asked: [
        ['GET', '/r/1', 'wait=10'],
        ['DELETE', '/r/1', undefined],
      ],
    })
})

t.test('what is known counts, also when the receipt subscription can not be ended', async (t) => {
  for (const deleted of [{ status: 503 }, 'cut'] as const)
    t.match(await wait(t, 10, [told(204)], deleted), { outcome: 'acknowledged' })
})

t.test('it asks again with a pause, not longer at once than proxies allow, until time is up', async (t) => {
  const { outcome, asked } = await wait(t, 70, [NOTHING])
  t.equal(outcome, 'unknown')
  t.same(
    asked.map(([, , prefer]) => prefer),
    ['wait=30', 'wait=30', 'wait=8'],
  )
  t.match(await wait(t, 70, [NOTHING, told(410)]), { outcome: 'notDelivered', asked: { length: 3 } })
  t.match(await wait(t, 0, [NOTHING]), { outcome: 'unknown', asked: [['GET', '/r/1', 'wait=0']] })
})

t.test('a server that refuses, or answers something else', async (t) => {
  const body = JSON.stringify({ errno: 102, message: 'Unknown receipt subscription' })
  await t.rejects(wait(t, 10, [{ status: 404, body }]), {
    exitCode: 1,
    message: /^404 Not Found, errno 102: Unknown receipt subscription/,
  })
  const noStatus = JSON.stringify({ receipts: [{ id: '1', message: MESSAGE, status: 'good' }] })
  for (const body of ['', 'null', '{"receipts":[]}', noStatus, '<html>'])
    await t.rejects(wait(t, 10, [{ status: 200, body }]), {
      exitCode: 1,
      message: 'the server answers without the receipt that was asked for',
    })
  await t.rejects(wait(t, 10, ['cut']), { exitCode: 3, message: /^can't reach http:\/\/127/ })
})
