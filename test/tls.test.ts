import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { connect } from 'node:tls'
import t from 'tap'
import type { Certificate } from '../push/certificate.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { Cluster, type Member } from './support/cluster.ts'
import { SteadyLoad } from './support/steady-load.ts'

/** Each of both kinds has to take a new certificate. */
const WORKERS = [1, 2]
const TAKEN = 'another certificate is in use for new connections'
const REFUSED = 'the certificate stays as it is'
/** Connections that look at the certificate: enough to reach all workers. */
const LOOKS = 40

// Clients trust this one only: a connection of theirs that had to be made anew would fail.
const first = selfSignedCertificate('first')
const folder = t.testdir({ certificate: first.certificate, key: first.key })
const [certificateFile, keyFile] = [path.join(folder, 'certificate'), path.join(folder, 'key')]
const cluster = await Cluster.start({
  nodes: 1,
  endpoints: 1,
  env: {
    PUSHGRID_WORKERS: `${WORKERS.length}`,
    PUSHGRID_TLS_CERT_FILE: certificateFile,
    PUSHGRID_TLS_KEY_FILE: keyFile,
  },
})
t.teardown(() => cluster.stop())
const { members } = cluster
const load = new SteadyLoad(cluster.node(0).url, cluster.endpoint(0).url, first.certificate)

async function write({ certificate, key }: Certificate): Promise<void> {
  await writeFile(certificateFile, certificate)
  await writeFile(keyFile, key)
}

/** Resolves when all workers of both roles have logged that so often. */
async function allLog(message: string, times: number): Promise<void> {
  const logged = members.flatMap(({ process }) =>
    WORKERS.map((worker) => process.logged(message, times, (line) => line['worker'] === worker)),
  )
  await Promise.all(logged)
}

/** The names on the certificates that new connections see. */
async function shownBy({ url }: Member): Promise<(string | undefined)[]> {
  const port = Number(new URL(url).port)
  const looks = Array.from({ length: LOOKS }, async () => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return [CN].flat()[0]
  })
  return [...new Set(await Promise.all(looks))]
}

t.test('user agents and senders come over TLS', async (t) => {
  await load.start()
  for (const member of members) t.same(await shownBy(member), ['first'])
})

t.test('SIGHUP: another certificate is in use at once', async (t) => {
  await write(selfSignedCertificate('second'))
  for (const member of members) member.hangUp()
  await allLog(TAKEN, 1)
  for (const member of members) t.same(await shownBy(member), ['second'])
})

t.test('a bad one is logged, and the former stays in use', async (t) => {
  await writeFile(keyFile, selfSignedCertificate('other').key)
  for (const member of members) member.hangUp()
  await allLog(REFUSED, 1)
  for (const member of members) t.same(await shownBy(member), ['second'])
})

t.test('files that have changed are noticed without a signal', async (t) => {
  await write(selfSignedCertificate('third'))
  await allLog(TAKEN, 2)
  for (const member of members) t.same(await shownBy(member), ['third'])
})

t.test('meanwhile no message was lost or refused, and no connection broke', async (t) => {
  await load.posted(60)
  t.equal(load.broken, 0)
  await load.end(t)
})
