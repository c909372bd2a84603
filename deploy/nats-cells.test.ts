import fc from 'fast-check'
import t from 'tap'
import { natsCells } from './nats-cells.ts'

const NONE = { kind: 'none' }

t.test('one cluster needs no name', async (t) => {
  t.same(natsCells.parse('nats://a,nats://b:4300'), [
    {
      name: 'main',
      change: 'none',
      config: { servers: ['a:4222', 'b:4300'], tls: false, credentials: NONE },
    },
  ])
  t.match(natsCells.parse('nats://me:a=b@host'), [
    { name: 'main', config: { credentials: { kind: 'password', user: 'me', password: 'a=b' } } },
  ])
})

t.test('several have names, in one line or in one for each, and marks while they change', async (t) => {
  const map = [
    {
      name: 'east',
      change: 'none',
      config: { servers: ['a:4222', 'b:4222'], tls: false, credentials: { kind: 'token', token: 'secret' } },
    },
    { name: 'west-2', change: 'adding', config: { servers: ['c:1'], tls: true, credentials: NONE } },
    { name: 'north', change: 'removing', config: { servers: ['d:4222'], tls: false, credentials: NONE } },
  ]
  const entries = ['east=nats://secret@a, nats://secret@b', '+west-2=tls://c:1', '-north=nats://d']
  t.same(natsCells.parse(entries.join(';')), map)
  t.same(natsCells.parse(`${entries.join(' ;\n\n')};\n`), map)
})

t.test('what is wrong is said in words, without what may be secret', async (t) => {
  const cases: readonly [string, RegExp][] = [
    ['', /; it names no server$/],
    [' ; \n', /; it names no server$/],
    ['redis://hunter2', /; its URLs are wrong$/],
    ['nats://a;nats://b', /; cell 1 has no name$/],
    ['east=nats://a;nats://hunter2@b', /; cell 2 has no name$/],
    ['East=nats://a', /; cell 1 has no right name, which is 1 to 32 lower-case letters, digits and dashes$/],
    ['=nats://a', /; cell 1 has no right name/],
    ['-=nats://a', /; cell 1 has no right name/],
    ['hunter2!=nats://a', /; cell 1 has no right name/],
    [`${'x'.repeat(33)}=nats://a`, /; cell 1 has no right name/],
    ['east=nats://a;west=', /; the URLs of cell west are wrong$/],
    ['east=nats://a;west=hunter2', /; the URLs of cell west are wrong$/],
    ['east=nats://a,tls://b;west=nats://c', /; the URLs of cell east are wrong$/],
    ['east=nats://a;+east=nats://b', /; two cells have the name east$/],
    ['+east=nats://a;+west=nats://b', /; all cells have a \+: those there were before are missing$/],
    ['-east=nats://a;-west=nats://b', /; all cells have a -: none would be left$/],
  ]
  for (const [text, message] of cases) {
    t.equal(natsCells.parse(text), undefined, text)
    const line = natsCells.describe(text)
    t.match(line, message)
    t.match(line, /^a text of \d+ characters \(not shown\); /)
    t.notMatch(line, 'hunter2')
  }
})

t.test('whatever is given, there is a map with distinct names or a reason in one line', async (t) => {
  const piece = fc.constantFrom('east', 'west', '=', ';', '\n', '+', '-', 'nats://a', ',', 'tls://b:1', '@')
  const texts = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  let maps = 0
  fc.assert(
    fc.property(texts, (text) => {
      const map = natsCells.parse(text)
      if (map === undefined) return /^[^\r\n]+; [^\r\n]+$/.test(natsCells.describe(text))
      maps += 1
      return map.length > 0 && new Set(map.map(({ name }) => name)).size === map.length
    }),
    { numRuns: 3000 },
  )
  t.ok(maps > 0, 'some were right')
})
