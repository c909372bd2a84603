import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import t from 'tap'
import type { BroadcastId } from '../push/broadcast.ts'
import type { CertificateFiles } from '../push/certificate.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { serve } from './fixtures/websocket-world.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-tls-'))
t.teardown(() => rm(folder, { recursive: true }))
const BROADCAST = 'a/b' as BroadcastId
const ANY = { rejectUnauthorized: false }

/** Writes a new certificate; `ca` is what trusts it. */
async function certificateFiles(name: string): Promise<CertificateFiles & { ca: string }> {
  const { certificate, key } = selfSignedCertificate(name)
  const [certificateFile, keyFile] = [path.join(folder, `${name}.crt`), path.join(folder, `${name}.key`)]
  await writeFile(certificateFile, certificate)
  await writeFile(keyFile, key)
  return { certificateFile, keyFile, ca: certificate }
}

/** The name on the certificate that a server shows. */
async function shown(port: number): Promise<string | undefined> {
  const socket = connect({ port, host: '127.0.0.1', ...ANY })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return [CN].flat()[0]
}

t.test('websockets and the operational routes over TLS, as trusted as the certificate', async (t) => {
  const { ca, ...certificate } = await certificateFiles('trusted')
  const { connect, server } = await serve(t, { certificate })
  await t.rejects(connect([]), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  const { socket, peer } = await connect(['push-notification'], { ca })
  t.equal(socket.protocol, 'push-notification')
  socket.send('hello')
  await peer.happens('received')
  t.same(peer.texts, ['hello'])
  const answer = once(socket, 'message')
  t.equal(peer.socket.send('x'.repeat(100_000)), 'sent')
  t.equal(String((await answer)[0]).length, 100_000)
  const health = request({ host: '127.0.0.1', port: server.port, path: '/health', ca }).end()
  const [response] = await once(health, 'response')
  t.equal(response.statusCode, 200)
  t.equal(await text(response), '{"status":"OK"}')
})

t.test('another certificate: no connection is dropped, and none is refused meanwhile', async (t) => {
  const { ca, ...certificate } = await certificateFiles('first')
  const { connect, server, peers } = await serve(t, { certificate })
  const before = await connect([], { ca })
  let done = false
  let connected = 0
  const arriving = Array.from({ length: 8 }, async () => {
    for (; !done; connected++) (await connect([], ANY)).socket.terminate()
  })
  for (let round = 0; round < 12; round++) {
    const name = `number ${round}`
    server.useCertificate(await certificateFiles(name))
    t.equal(await shown(server.port), name)
    await connect([], ANY)
  }
  done = true
  await Promise.all(arriving)
  t.ok(connected > 12, `${connected} connections`)
  t.equal(before.peer.count('closed'), 0)
  before.socket.send('still here')
  await before.peer.happens('received')
  const after = await connect([], ANY)
  const published = [before, after].map(({ socket, peer }) => {
    peer.socket.subscribe(BROADCAST)
    return once(socket, 'message')
  })
  t.equal(server.publish(0, BROADCAST, 'published'), 2, 'to those of older certificates, too')
  for (const [data] of await Promise.all(published)) t.equal(String(data), 'published')
  server.stopListening()
  await t.rejects(connect([], ANY), { code: 'ECONNREFUSED' })
  t.ok(peers.filter((peer) => peer.count('closed') === 0).length >= 13, 'those of all certificates are open')
  server.close()
  t.ok(
    peers.every((peer) => peer.count('closed') === 1),
    'and end with the server, whichever it was',
  )
})

t.test('a certificate that can not be used is refused, at the start and later', async (t) => {
  const good = await certificateFiles('good')
  const other = await certificateFiles('other')
  const bad = [
    { ...good, keyFile: other.keyFile },
    { ...good, certificateFile: path.join(folder, 'missing') },
    { ...good, certificateFile: good.keyFile },
  ]
  for (const certificate of bad) await t.rejects(serve(t, { certificate }))
  const { server } = await serve(t, { certificate: good })
  for (const certificate of bad) t.throws(() => server.useCertificate(certificate))
  t.equal(await shown(server.port), 'good')
})
