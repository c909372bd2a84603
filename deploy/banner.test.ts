import t from 'tap'
import { banner, websocketUrl } from './banner.ts'

const plain = (host: string) => ({ host, tlsCertFile: undefined, dataDir: './data' })
const LISTENING = { wsPort: 8080, httpPort: 8082, publicUrl: 'http://localhost:8082' }

t.test('the websocket URL is one that can be connected to', (t) => {
  t.equal(websocketUrl(plain('127.0.0.1'), LISTENING), 'ws://127.0.0.1:8080/')
  t.equal(websocketUrl(plain('::1'), LISTENING), 'ws://[::1]:8080/')
  const listening = { ...LISTENING, publicUrl: 'https://push.example.org' }
  t.equal(websocketUrl(plain('0.0.0.0'), listening), 'ws://push.example.org:8080/')
  t.equal(
    websocketUrl(plain('::'), { ...LISTENING, publicUrl: 'http://[2001:db8::1]:8082' }),
    'ws://[2001:db8::1]:8080/',
  )
  t.end()
})

t.test('tells what to do next', (t) => {
  const text = banner(plain('127.0.0.1'), LISTENING, false)
  for (const part of [
    'is listening',
    /dom\.push\.serverURL +ws:\/\/127\.0\.0\.1:8080\//,
    /dom\.push\.testing\.allowInsecureServerURL +true/,
    './data',
    'http://localhost:8082/health',
    'Ctrl+C',
  ]) {
    t.match(text, part)
  }
  t.end()
})

t.test('says where the console is, if there is one', (t) => {
  const consoleUrl = 'http://localhost:8082/console/'
  t.match(
    banner(plain('127.0.0.1'), { ...LISTENING, consoleUrl }, false),
    /playground +http:\S+\/console\/\n\n/,
  )
  t.notMatch(banner(plain('127.0.0.1'), LISTENING, false), /playground|console/)
  t.end()
})

t.test('with a certificate it is wss, and nothing insecure has to be allowed', (t) => {
  const options = { ...plain('127.0.0.1'), tlsCertFile: 'cert.pem' }
  const text = banner(options, { ...LISTENING, publicUrl: 'https://localhost:8082' }, false)
  t.match(text, /dom\.push\.serverURL +wss:\/\/127\.0\.0\.1:8080\//)
  t.notMatch(text, 'allowInsecureServerURL')
  t.match(text, 'trust the certificate')
  t.end()
})

t.test('is in colour only where that is wanted', (t) => {
  const options = plain('127.0.0.1')
  t.notMatch(banner(options, LISTENING, false), '\u001b')
  t.match(banner(options, LISTENING, true), '\u001b[1m')
  t.end()
})
