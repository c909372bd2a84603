import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import t, { type Test } from 'tap'
import type { NatsCredentials, NatsTls } from '../cluster/nats-options.ts'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { becomes } from './support/becomes.ts'
import { natsAccounts } from './support/nats-accounts.ts'
import { startNatsServer } from './support/nats-server.ts'
import { TestBus } from './support/test-bus.ts'

const PATIENT_MS = 60_000

/** A file that lasts as long as the test. */
async function file(t: Test, text: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pushgrid-credentials-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const name = path.join(folder, 'file')
  await writeFile(name, text)
  return name
}

/** Makes buses with one or other credentials for a server of that configuration. */
async function door(t: Test, config: string) {
  const server = await startNatsServer({ config })
  t.teardown(() => server.stop())
  const open = (credentials: NatsCredentials, tls?: NatsTls) => {
    const nats = { servers: [server.address], name: 'test', credentials, ...(tls && { tls }) }
    const bus = new TestBus([server], { nats })
    t.teardown(() => bus.close())
    return bus
  }
  return {
    async letsIn(credentials: NatsCredentials, tls?: NatsTls): Promise<void> {
      const bus = open(credentials, tls)
      await bus.restored()
      t.equal(
        await bus.ask('nobody', { text: 'hello' }, PATIENT_MS),
        'absent',
        `${credentials.kind} is let in`,
      )
    },
    async refuses(credentials: NatsCredentials, error: RegExp, tls?: NatsTls): Promise<void> {
      const bus = open(credentials, tls)
      // A server that stands still just now gives another reason at first.
      const isRefused = (what: string, reason: unknown) => what === 'connect' && error.test(String(reason))
      const isSaid = () => bus.failures.some((failure) => isRefused(failure.what, failure.error))
      await becomes(t, isSaid, true, `${credentials.kind} is refused`)
      t.equal(bus.connected, false)
    },
  }
}

t.test('user and password', async (t) => {
  const { letsIn, refuses } = await door(t, 'authorization { user: push, password: right }')
  await letsIn({ kind: 'password', user: 'push', password: 'right' })
  await refuses({ kind: 'password', user: 'push', password: 'wrong' }, /Authorization Violation/)
  await refuses({ kind: 'none' }, /Authorization Violation/)
})

t.test('token', async (t) => {
  const { letsIn, refuses } = await door(t, 'authorization { token: right }')
  await letsIn({ kind: 'token', token: 'right' })
  await refuses({ kind: 'token', token: 'wrong' }, /Authorization Violation/)
})

t.test('nkey', async (t) => {
  const [user, stranger] = [nkeys.createUser(), nkeys.createUser()]
  const { letsIn, refuses } = await door(t, `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`)
  const seed = (of: typeof user) => file(t, `${Buffer.from(of.getSeed()).toString()}\n`)
  await letsIn({ kind: 'nkey', seedFile: await seed(user) })
  await refuses({ kind: 'nkey', seedFile: await seed(stranger) }, /Authorization Violation/)
})

t.test('credentials file', async (t) => {
  const accounts = natsAccounts()
  const { letsIn, refuses } = await door(t, accounts.config)
  await letsIn({ kind: 'creds', credsFile: await file(t, accounts.creds) })
  await refuses({ kind: 'creds', credsFile: await file(t, natsAccounts().creds) }, /Authorization Violation/)
})

t.test('TLS with an authority of our own, both ways', async (t) => {
  const [server, client] = [selfSignedCertificate('server'), selfSignedCertificate('client')]
  const [certFile, keyFile] = [await file(t, server.certificate), await file(t, server.key)]
  const clientCertFile = await file(t, client.certificate)
  const { letsIn, refuses } = await door(
    t,
    `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${clientCertFile}", verify: true }`,
  )
  const identity = { certFile: clientCertFile, keyFile: await file(t, client.key) }
  await letsIn({ kind: 'none' }, { caFile: certFile, ...identity })
  await refuses({ kind: 'none' }, /self-signed certificate/, identity)
  await refuses({ kind: 'none' }, /./, { caFile: certFile })
})

t.test('credentials that are replaced on disk count from the next connection on', async (t) => {
  const [old, next] = [nkeys.createUser(), nkeys.createUser()]
  const config = (user: typeof old) => `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`
  const seedFile = await file(t, Buffer.from(old.getSeed()).toString())
  const server = await startNatsServer({ config: config(next) })
  t.teardown(() => server.stop())
  const nats = { servers: [server.address], name: 'test', credentials: { kind: 'nkey', seedFile } } as const
  const bus = new TestBus([server], { nats })
  t.teardown(() => bus.close())
  await bus.failed()
  const restored = bus.restored()
  await writeFile(seedFile, Buffer.from(next.getSeed()).toString())
  await restored
  t.equal(bus.connected, true)
})
