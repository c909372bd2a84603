import t from 'tap'
import { AgentClient } from './support/agent-client.ts'
import { ADMIN_TOKEN, BroadcastAdmin } from './support/broadcast-admin.ts'
import { subscribed } from './support/subscribed.ts'
import { startSystem } from './support/system.ts'

const MONITOR = 'remote-settings/monitor_changes'
/** More than fit in one turn of the event loop. */
const AGENTS = 300

const system = await startSystem({ env: { PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN } })
const { wsUrl, httpUrl } = system
const admin = new BroadcastAdmin(httpUrl)
t.teardown(() => system.stop())

/** Resolves to the version of a broadcast once a user agent was told this one; sees that none older came after it. */
async function told(client: AgentClient, id: string, version: string): Promise<void> {
  for (;;) {
    const { broadcasts } = await client.next('broadcast')
    if (broadcasts[id] === version) return
  }
}

t.test('hello and broadcast_subscribe are answered with what differs', async (t) => {
  t.equal(await admin.put(MONITOR, '"1"'), 201)
  t.equal(await admin.put('a/b', 'x'), 201)
  const { client, uaid } = await subscribed(wsUrl)
  await client.close()

  const behind = await AgentClient.connect(wsUrl)
  const hello = await behind.hello(uaid, { [MONITOR]: '"0"', 'a/b': 'x', 'no/such': '1' })
  t.equal(hello.uaid, uaid)
  t.same(hello.broadcasts, { [MONITOR]: '"1"', errors: { 'no/such': 'Broadcast not found' } })
  await behind.close()

  const later = await AgentClient.hello(wsUrl)
  later.client.subscribeBroadcasts({ 'a/b': 'y', 'no id': '' })
  t.same((await later.client.next('broadcast')).broadcasts, {
    'a/b': 'x',
    errors: { 'no id': 'Broadcast not found' },
  })
  later.client.subscribeBroadcasts({ [MONITOR]: '"1"' })
  later.client.send({ messageType: 'ping' })
  await later.client.next('ping')
  t.equal(later.client.frames.filter(({ messageType }) => messageType === 'broadcast').length, 1)
  await later.client.close()
})

t.test(
  'a change reaches every user agent that is subscribed, however it subscribed, and no other',
  async (t) => {
    const others = await Promise.all([AgentClient.hello(wsUrl), AgentClient.hello(wsUrl)])
    const clients = await Promise.all(
      Array.from({ length: AGENTS }, async (_, number) => {
        const client = await AgentClient.connect(wsUrl)
        await client.hello(undefined, number % 2 === 0 ? { [MONITOR]: '"1"' } : {})
        if (number % 2 === 1) client.subscribeBroadcasts({ [MONITOR]: '"1"' })
        client.send({ messageType: 'ping' })
        await client.next('ping')
        return client
      }),
    )
    for (const version of ['"2"', '"3"', '"2"']) {
      t.equal(await admin.put(MONITOR, version), 200)
      await Promise.all(clients.map((client) => told(client, MONITOR, version)))
    }
    for (const { client } of others) {
      client.send({ messageType: 'ping' })
      await client.next('ping')
      t.notOk(client.frames.some(({ messageType }) => messageType === 'broadcast'))
    }
    await Promise.all([...clients, ...others.map(({ client }) => client)].map((client) => client.terminate()))
  },
)

t.test('of many changes at once a user agent is told the last one last', async (t) => {
  const { client } = await AgentClient.hello(wsUrl)
  client.subscribeBroadcasts({ 'burst/one': '' })
  t.same((await client.next('broadcast')).broadcasts, { errors: { 'burst/one': 'Broadcast not found' } })
  for (let number = 1; number < 50; number += 1) await admin.put('burst/one', `${number}`)
  await Promise.all(Array.from({ length: 20 }, (_, number) => admin.put('burst/one', `at once ${number}`)))
  const last = (await admin.list())['burst/one']
  t.match(last, /^at once \d+$/)
  await told(client, 'burst/one', String(last))
  const versions = client.frames.flatMap((frame) =>
    frame.messageType === 'broadcast' && typeof frame.broadcasts['burst/one'] === 'string'
      ? [Number(frame.broadcasts['burst/one'])]
      : [],
  )
  const ordered = versions.filter((version) => !Number.isNaN(version))
  t.same(
    ordered,
    [...new Set(ordered)].sort((a, b) => a - b),
    'never an older one after a newer one',
  )
  await client.close()
})

t.test('one that is deleted is not found, and comes again for who is still subscribed', async (t) => {
  await admin.put('c/d', '1')
  const { client } = await AgentClient.hello(wsUrl)
  client.subscribeBroadcasts({ 'c/d': '1' })
  t.equal(await admin.drop('c/d'), 204)
  t.equal(await admin.drop('c/d'), 404)
  const other = await AgentClient.hello(wsUrl)
  for (;;) {
    other.client.subscribeBroadcasts({ 'c/d': '0' })
    const { broadcasts } = await other.client.next('broadcast')
    if ('errors' in broadcasts) break
  }
  await admin.put('c/d', '2')
  await Promise.all([told(client, 'c/d', '2'), told(other.client, 'c/d', '2')])
  await Promise.all([client.close(), other.client.close()])
})

t.test('they are there after a restart', async (t) => {
  const before = await admin.list()
  await system.restart()
  t.same(await admin.list(), before)
  const client = await AgentClient.connect(wsUrl)
  t.same((await client.hello(undefined, { 'a/b': '' })).broadcasts, { 'a/b': 'x' })
  await client.close()
})

t.test('one user agent may subscribe to so many and no more', async (t) => {
  const { client } = await AgentClient.hello(wsUrl)
  client.subscribeBroadcasts(
    Object.fromEntries(Array.from({ length: 101 }, (_, number) => [`many/${number}`, ''])),
  )
  const { errors } = (await client.next('broadcast')).broadcasts as { errors: Record<string, string> }
  t.equal(errors['many/99'], 'Broadcast not found')
  t.equal(errors['many/100'], 'Too many broadcasts')
  await client.close()
})
