import fc from 'fast-check'

/** What requests are aimed at. */
export interface Targets {
  /** Paths of endpoints and message resources that are valid. */
  readonly paths: readonly string[]
  /** Authorization headers that are valid for some of them. */
  readonly authorizations: readonly string[]
}

/** Characters a header's value may have, by the grammar; anything else is malformed HTTP. */
const headerText = fc.string({
  maxLength: 60,
  unit: fc.constantFrom(...'abcXYZ0129-_.,;:="/+*%~ \t'),
})

/** A request, to be sent by any client. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: readonly [string, string][]
  readonly body: Uint8Array
}

/** Whole requests, HTTP correct as such, that differ from good ones in something. */
export function nearlyValid(targets: Targets): fc.Arbitrary<Request> {
  const method = fc.oneof(
    { weight: 24, arbitrary: fc.constant('POST') },
    {
      weight: 4,
      arbitrary: fc.constantFrom('GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PURGE'),
    },
  )
  const body = fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 4000, max: 12_000 }).map((bytes) => new Uint8Array(bytes)) },
  )
  return fc.record({ method, path: path(targets), headers: headers(targets), body })
}

/** The same as the bytes of HTTP/1.1, to be sent one after the other. */
export function nearlyValidRequest(targets: Targets): fc.Arbitrary<Buffer> {
  return nearlyValid(targets).map((request) => Buffer.concat([head(request), request.body]))
}

/** Bytes that are no HTTP, or HTTP that breaks off. */
export function malformedRequest(targets: Targets): fc.Arbitrary<Buffer> {
  const good = nearlyValidRequest(targets)
  const broken = fc.constantFrom(
    'POST /wpush/v1/x HTTP/1.1\r\n\r\n',
    'POST / HTTP/9.9\r\nHost: x\r\n\r\n',
    'POST /wpush/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    'POST /wpush/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'POST /wpush/v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n',
    'POST /wpush/v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    'POST /wpush/v1/x HTTP/1.1\r\nHost: x\r\nTTL: 1\r\nExpect: the impossible\r\n\r\n',
    `POST /wpush/v1/x HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
    `POST /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\u0016\u0003\u0001\u0002\0\u0001\0',
  )
  return fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    broken.map((bytes) => Buffer.from(bytes, 'latin1')),
    fc.tuple(good, fc.nat()).map(([bytes, at]) => bytes.subarray(0, 1 + (at % bytes.length))),
    fc.tuple(good, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, at, value]) => {
      const changed = Buffer.from(bytes)
      changed[at % changed.length] = value
      return changed
    }),
  )
}

function path({ paths }: Targets): fc.Arbitrary<string> {
  const valid = fc.constantFrom(...paths)
  const segment = fc.string({ maxLength: 150, unit: fc.constantFrom(...'abcXYZ0129-_.~%/?&=+') })
  return fc.oneof(
    { weight: 24, arbitrary: valid },
    { weight: 2, arbitrary: fc.tuple(valid, segment).map(([good, more]) => good + more) },
    {
      weight: 2,
      arbitrary: fc.tuple(valid, fc.nat()).map(([good, at]) => good.slice(0, 1 + (at % good.length))),
    },
    { weight: 2, arbitrary: fc.tuple(valid, fc.nat()).map(([good, at]) => flipped(good, at)) },
    { weight: 1, arbitrary: segment.map((token) => `/wpush/v1/${token}`) },
    { weight: 1, arbitrary: segment.map((token) => `/m/${token}`) },
    // A valid one would stay open.
    { weight: 1, arbitrary: segment.map((token) => `/r/${token}`) },
    { weight: 1, arbitrary: segment.map((rest) => `/${rest}`) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 200, max: 3000 }).map((chars) => `/wpush/v2/${'A'.repeat(chars)}`),
    },
  )
}

function headers({ authorizations }: Targets): fc.Arbitrary<[string, string][]> {
  const mostly = (good: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: headerText })
  const authorization = fc.constantFrom(...authorizations)
  const named = (name: string, value: fc.Arbitrary<string>) =>
    value.map((text): [string, string] => [name, text])
  const others = fc.oneof(
    named('Topic', mostly(fc.string({ maxLength: 34, unit: fc.constantFrom(...'abc-_019') }))),
    named('Urgency', mostly(fc.constantFrom('very-low', 'low', 'normal', 'high'))),
    named('Content-Encoding', mostly(fc.constantFrom('aes128gcm', 'aesgcm', 'gzip'))),
    named('Encryption', mostly(fc.constant('salt="c2FsdHNhbHRzYWx0c2FsdA=="'))),
    named('Crypto-Key', mostly(fc.constantFrom('dh=AAAA', 'dh="BA==";p256ecdsa=BA', 'p256ecdsa="x"'))),
    named('Authorization', mostly(authorization)),
    named(
      'Authorization',
      fc.tuple(authorization, fc.nat()).map(([good, at]) => flipped(good, at)),
    ),
    named('Prefer', mostly(fc.constantFrom('respond-async', 'wait=0', 'wait=1;x, respond-async'))),
    named('Push-Receipt', headerText),
    named('Last-Event-ID', headerText),
    named('Content-Type', headerText),
    named('TTL', headerText),
  )
  const ttls = fc.oneof({ weight: 6, arbitrary: fc.nat() }, fc.integer(), fc.bigInt(), fc.double())
  const usual = fc.tuple(
    fc.option(named('TTL', ttls.map(String)), { freq: 12 }),
    fc.option(named('Content-Encoding', fc.constant('aes128gcm')), { freq: 12 }),
  )
  return fc
    .tuple(usual, fc.array(others, { maxLength: 3 }))
    .map(([first, rest]) => [...first.filter((header) => header !== null), ...rest])
}

function head({ method, path, headers, body }: Request): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines}Content-Length: ${body.length}\r\n\r\n`,
    'latin1',
  )
}

/** One character but the first (a path's slash) replaced by another of the token alphabet. */
function flipped(text: string, at: number): string {
  const index = 1 + (at % (text.length - 1))
  return `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`
}
