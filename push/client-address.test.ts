import fc from 'fast-check'
import t from 'tap'
import { ClientAddresses, parseAddressRange } from './client-address.ts'

function trusting(...texts: string[]): ClientAddresses {
  return new ClientAddresses(
    texts.map((text) => parseAddressRange(text)).filter((range) => range !== undefined),
  )
}

t.test('an IPv4 address is one client, and so is an IPv6 /64, however it is written', (t) => {
  const addresses = trusting()
  const group = (peer: string) => addresses.groupOf(peer, () => '')
  t.equal(group('192.0.2.1'), '192.0.2.1')
  t.equal(group('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(group('0000:0000:0000:0000:0000:ffff:c000:0201'), '192.0.2.1')
  t.equal(group('2001:db8:1:2::1'), group('2001:0db8:0001:0002:ffff:ffff:ffff:ffff'))
  t.not(group('2001:db8:1:2::1'), group('2001:db8:1:3::1'))
  t.equal(group('no address'), 'no address')
  t.end()
})

t.test('who is behind a proxy is believed of trusted ones only', (t) => {
  const addresses = trusting('10.0.0.0/8', '2001:db8::/32', '127.0.0.1')
  const group = (peer: string, forwardedFor: string) => addresses.groupOf(peer, () => forwardedFor)
  t.equal(group('192.0.2.9', '198.51.100.1'), '192.0.2.9', 'a stranger that pretends')
  t.equal(group('10.1.2.3', '198.51.100.1'), '198.51.100.1')
  t.equal(group('::ffff:10.1.2.3', '198.51.100.1'), '198.51.100.1')
  t.equal(group('127.0.0.1', '198.51.100.1'), '198.51.100.1')
  t.equal(group('127.0.0.2', '198.51.100.1'), '127.0.0.2')
  t.equal(
    group('10.1.2.3', '203.0.113.7, 198.51.100.1'),
    '198.51.100.1',
    'what the client itself sent does not count',
  )
  t.equal(group('10.1.2.3', '203.0.113.7 , 2001:db8::5,10.9.9.9'), '203.0.113.7', 'from proxy to proxy')
  t.equal(group('10.1.2.3', ''), '10.1.2.3')
  t.equal(group('10.1.2.3', 'unknown'), '10.1.2.3')
  t.equal(group('10.1.2.3', '198.51.100.1, unknown'), '10.1.2.3')
  t.equal(group('10.1.2.3', '10.0.0.1'), '10.0.0.1', 'a client within the trusted range')
  t.end()
})

t.test('ranges', (t) => {
  for (const text of ['10.0.0.0/8', '192.0.2.1', '::1', 'fd00::/8', '0.0.0.0/0'])
    t.ok(parseAddressRange(text), text)
  for (const text of ['', '/', '10.0.0.0/33', '::/129', 'localhost', '10.0.0.0/-1', '1/2/3']) {
    t.equal(parseAddressRange(text), undefined, text)
  }
  t.end()
})

t.test('whatever a header says, it is one address or the peer', (t) => {
  const addresses = trusting('10.0.0.0/8')
  const header = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    fc.array(fc.oneof(fc.ipV4(), fc.string())).map(String),
  )
  fc.assert(
    fc.property(header, (text) => {
      t.match(
        addresses.groupOf('10.0.0.1', () => text),
        /^(?:\d+(?:\.\d+){3}|[0-9a-f]{16})$/,
      )
    }),
  )
  t.end()
})
