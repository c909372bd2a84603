import { Writable } from 'node:stream'
import t from 'tap'
import { createLog, scrub } from './log.ts'

const UAID = '0123456789ab4def8123456789abcdef'
const DASHED = '01234567-89ab-4def-8123-456789abcdef'
const MESSAGE_ID = '01935b3e-7c1a-7abc-8def-0123456789ab'
const TOKEN = 'dGhpcyBpcyBhIHRva2VuIG9mIGFuIGVuZHBvaW50_-0123456789abcdefghijklm'

t.test('ids and tokens are cut wherever they stand in a line', (t) => {
  t.equal(scrub(`ua ${UAID}, channel ${DASHED}`), 'ua 0123..., channel 0123...')
  t.equal(scrub(`ua ${UAID.toUpperCase()}`), 'ua 0123...')
  t.equal(
    scrub(`POST https://push.example.org/wpush/v2/${TOKEN} 410`),
    'POST https://push.example.org/wpush/v2/dGhp... 410',
  )
  t.equal(scrub(`t=${TOKEN}.${TOKEN}`), 't=dGhp....dGhp...')
  t.equal(scrub(`push.ua.${UAID}`), 'push.ua.0123...')
  t.end()
})

t.test('what is no secret stays', (t) => {
  for (const line of [MESSAGE_ID, 'at delivery.ts:120:33', '{"level":30,"time":1795466987059}'])
    t.equal(scrub(line), line)
  t.end()
})

t.test('writes JSON lines, also of errors, with nothing in full', (t) => {
  const lines: string[] = []
  const log = createLog({ logLevel: 'info' }, sink(lines))
  log.info({ uaid: UAID, endpoint: `/wpush/v1/${TOKEN}` }, `hello of ${DASHED}`)
  log.error({ err: new Error(`no ${UAID}`) }, 'failed')
  log.debug('not logged')
  t.equal(lines.length, 2)
  t.match(JSON.parse(lines[0] ?? ''), { level: 30, uaid: '0123...', msg: 'hello of 0123...' })
  t.match(JSON.parse(lines[1] ?? ''), { level: 50, err: { message: 'no 0123...' } })
  for (const secret of [UAID, DASHED, TOKEN]) t.notMatch(lines.join(''), secret)
  t.end()
})

t.test('writes for people on a terminal, with nothing in full', (t) => {
  const lines: string[] = []
  const terminal = Object.assign(sink(lines), { isTTY: true })
  createLog({ logLevel: 'info' }, terminal).warn({ uaid: UAID }, 'slow')
  t.match(lines.join(''), /WARN.*slow/)
  t.notMatch(lines.join(''), UAID)
  t.end()
})

function sink(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
}
