import t from 'tap'
import { FAILURES } from '../../../../push/errors.ts'
import { adviceFor, parseFailure } from './failure-words.ts'
import {
  clearLog,
  FRAMES_MAX,
  logFrame,
  matchingFrames,
  NO_FRAMES,
  pauseLog,
  prettyFrame,
} from './frame-log.ts'
import { acceptedAtMs, durationText } from './times.ts'
import { defaultWebsocketUrl, websocketUrl } from './websocket-url.ts'

t.test('there is advice for every failure of the service but those that say all themselves', (t) => {
  for (const { errno } of Object.values(FAILURES))
    if (errno !== 999) t.type(adviceFor({ errno }), 'string', `errno ${errno}`)
  t.equal(adviceFor({ errno: 999 }), undefined)
  t.end()
})

t.test('a failure is read from a body, and nothing else is taken for one', (t) => {
  const body = { code: 410, errno: 106, error: 'Gone', message: 'The subscription has ended', more_info: '' }
  t.match(parseFailure(JSON.stringify(body)), { errno: 106, message: 'The subscription has ended' })
  for (const other of ['', 'Bad Gateway', '[]', '{"errno":"106"}', 'null'])
    t.equal(parseFailure(other), undefined, other)
  t.end()
})

t.test('frames are noted, found, and make room', (t) => {
  let log = logFrame(NO_FRAMES, 'sent', '{"messageType":"hello"}', 1)
  log = logFrame(log, 'received', '{"messageType":"notification","version":"v1"}', 2)
  log = logFrame(log, 'sent', '{}', 3)
  log = logFrame(log, 'sent', 'no JSON', 4)
  log = logFrame(log, 'sent', '[1]', 5)
  t.same(
    log.frames.map(({ type }) => type),
    ['', '', '{}', 'notification', 'hello'],
  )
  const found = (filter: string) => matchingFrames(log, filter).map(({ id }) => id)
  t.same(found('RECEIVED v1'), [2])
  t.same(found(' hello sent'), [1])
  t.same(found('absent'), [])
  t.equal(found('').length, 5)
  const paused = logFrame(pauseLog(log, true), 'sent', '{}', 6)
  t.match(paused, { missed: 1, frames: log.frames })
  t.match(logFrame(pauseLog(paused, false), 'sent', '{}', 7), { missed: 0, frames: [{ id: 7 }] })
  t.same(clearLog(log).frames, [])
  for (let at = 0; at < FRAMES_MAX + 10; at++) log = logFrame(log, 'sent', '{}', at)
  t.equal(log.frames.length, FRAMES_MAX)
  t.equal(prettyFrame('{"a":1}'), '{\n  "a": 1\n}')
  t.equal(prettyFrame('{a'), '{a')
  t.end()
})

t.test('the URL of a websocket is read, guessed, and refused in words', (t) => {
  t.same(websocketUrl(' wss://push.example '), { kind: 'url', url: 'wss://push.example/' })
  for (const [text, why] of [
    ['', /no URL/],
    ['push.example', /no URL/],
    ['https://push.example/', /begin with ws/],
    ['ws://push.example/#x', /no # part/],
  ] as const)
    t.match(websocketUrl(text), { kind: 'wrong', why }, text)
  const page = { protocol: 'http:', hostname: 'localhost' }
  const secure = { ...page, protocol: 'https:' }
  const alone = { wsPort: 8080, publicUrl: 'https://push.example' }
  t.equal(defaultWebsocketUrl(page, alone), 'ws://localhost:8080/')
  t.equal(defaultWebsocketUrl(secure, alone), 'wss://localhost:8080/')
  const ofEndpoint = { ...alone, wsPort: null }
  t.equal(defaultWebsocketUrl(page, ofEndpoint), 'wss://push.example/')
  const local = { wsPort: null, publicUrl: 'http://localhost:8000' }
  t.equal(defaultWebsocketUrl(secure, local), 'ws://localhost:8000/')
  t.end()
})

t.test('a version of the service tells when it was accepted', (t) => {
  t.equal(acceptedAtMs('01a21585-d6a2-77c3-9bdd-20d8ab6fd968'), 0x01a21585d6a2)
  for (const other of ['', 'gAAAAA', '7b0f3a8e-3f5e-4d0e-9a53-2a1f2f6f3c11'])
    t.equal(acceptedAtMs(other), undefined, other)
  t.end()
})

t.test('how long something took', (t) => {
  const cases = { 0: -5, 12: 12.4, '9,999': 9999 }
  for (const [text, ms] of Object.entries(cases)) t.equal(durationText(ms), `${text} ms`)
  t.equal(durationText(10_000), '10 s')
  t.equal(durationText(180_000), '3 min')
  t.equal(durationText(3 * 3_600_000), '3 h')
  t.end()
})
