import t from 'tap'
import { isLoopback, isLoopbackAuthority } from './loopback.ts'

t.test('a host is loopback only where it can be nothing else', async (t) => {
  for (const host of [
    'localhost',
    'LocalHost',
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
  ])
    t.ok(isLoopback(host), host)
  for (const host of [
    ...['', '0.0.0.0', '::', '10.0.0.1', '192.168.1.1', '2001:db8::1', '::ffff:10.0.0.1'],
    ...['localhost.example', 'my.localhost', 'localhost.', '127.0.0.1.example', 'push.example.org'],
  ])
    t.notOk(isLoopback(host), host)
})

t.test('a Host header may have a port', async (t) => {
  for (const host of ['localhost', 'localhost:8082', '127.0.0.1:1', '[::1]:8082', '::1'])
    t.ok(isLoopbackAuthority(host), host)
  for (const host of [
    ...['', 'evil.example', 'evil.example:8082', '10.0.0.1:80', 'localhost:port', 'localhost:99999'],
    ...['localhost@evil.example', 'localhost:80@evil.example', 'me@localhost', 'localhost/x', 'localhost?x'],
    ...['evil.example#localhost', 'evil.example\\localhost', 'a b', '[::1', 'localhost,evil.example'],
  ])
    t.notOk(isLoopbackAuthority(host), host)
})
