import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { WebSocket } from 'ws'
import { selfSignedCertificate } from '../../push/fixtures/certificate.ts'
import { unreachableReason } from './unreachable.ts'

/** Which of the two is seen where there is no TLS hangs on what the server does about it. */
const ADVICE = /^it (does not speak TLS|hung up) .*: its URL begins with ws:.* without TLS/

/** Port of a server that lasts as long as the test. */
async function portOf(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Why a websocket does not come about. */
async function websocketReason(url: string, options = {}): Promise<string> {
  const [error] = await once(new WebSocket(url, options), 'error')
  return unreachableReason(error)
}

/** Why an HTTP request is not answered. */
function requestReason(url: string): Promise<string> {
  return request(url).then(() => 'answered', unreachableReason)
}

t.test('a server whose certificate is not trusted, has expired, or is for another name', async (t) => {
  const { certificate, key } = selfSignedCertificate('localhost')
  const port = await portOf(t, createServer({ cert: certificate, key }))
  const advice = /^its certificate is not trusted here \(self-signed certificate\): .*NODE_EXTRA_CA_CERTS$/
  t.match(await websocketReason(`wss://127.0.0.1:${port}/`), advice)
  t.match(await requestReason(`https://127.0.0.1:${port}/`), advice)
  const trusting = { ca: certificate, servername: 'push.example' }
  t.match(
    await websocketReason(`wss://127.0.0.1:${port}/`, trusting),
    /^its certificate is not valid: Hostname/,
  )

  const old = selfSignedCertificate('localhost', '20210101000000Z')
  const oldPort = await portOf(t, createServer({ cert: old.certificate, key: old.key }))
  t.match(
    await websocketReason(`wss://127.0.0.1:${oldPort}/`, { ca: old.certificate }),
    /^its certificate is not valid: certificate has expired/,
  )
})

t.test('TLS to a server without, and the other way round', async (t) => {
  const { certificate, key } = selfSignedCertificate('localhost')
  const secure = await portOf(t, createServer({ cert: certificate, key }))
  const plain = await portOf(t, createPlainServer())
  for (const url of [`ws://127.0.0.1:${secure}/`, `wss://127.0.0.1:${plain}/`])
    t.match(await websocketReason(url), ADVICE, url)
  for (const url of [`http://127.0.0.1:${secure}/`, `https://127.0.0.1:${plain}/`])
    t.match(await requestReason(url), ADVICE, url)
})

t.test('nobody there', async (t) => {
  t.equal(await websocketReason('ws://127.0.0.1:1/'), 'nothing listens there (ECONNREFUSED)')
  const nameless = Object.assign(new Error('getaddrinfo ENOTFOUND push.example'), { code: 'ENOTFOUND' })
  t.equal(unreachableReason(nameless), 'its name has no address (ENOTFOUND)')
  t.equal(unreachableReason(Object.assign(new AggregateError([]), { code: 'ENETUNREACH' })), 'ENETUNREACH')
  t.equal(unreachableReason(new Error('the socket is full')), 'the socket is full')
  t.equal(unreachableReason('odd'), 'odd')
})
