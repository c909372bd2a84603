import t from 'tap'
import { AgentClient } from './support/agent-client.ts'
import { ADMIN_TOKEN, BroadcastAdmin } from './support/broadcast-admin.ts'
import { Cluster } from './support/cluster.ts'
import { startSystem } from './support/system.ts'

const ID = 'remote-settings/monitor_changes'
const ENV = { PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN, PUSHGRID_BROADCAST_RECHECK_MS: '1000' }

/** Connects a user agent that is subscribed, and resolves once it has this version. */
async function agentWith(wsUrl: string, version: string): Promise<AgentClient> {
  const client = await AgentClient.connect(wsUrl)
  const { broadcasts } = await client.hello(undefined, { [ID]: '' })
  if (Reflect.get(broadcasts, ID) !== version) await told(client, version)
  return client
}

async function told(client: AgentClient, version: string): Promise<void> {
  for (;;) {
    const { broadcasts } = await client.next('broadcast')
    if (broadcasts[ID] === version) return
  }
}

t.test('two nodes and two endpoints', async (t) => {
  const cluster = await Cluster.start({ nodes: 2, endpoints: 2, env: ENV })
  t.teardown(() => cluster.stop())
  const admins = [0, 1].map((index) => new BroadcastAdmin(cluster.endpoint(index).url)) as [
    BroadcastAdmin,
    BroadcastAdmin,
  ]
  t.equal(await admins[0].put(ID, '1'), 201)
  const clients = await Promise.all([0, 1].map((index) => agentWith(cluster.node(index).url, '1')))

  await t.test('what one endpoint sets reaches the user agents of all nodes', async () => {
    for (const version of ['2', '3']) {
      await admins[Number(version) % 2]?.put(ID, version)
      await Promise.all(clients.map((client) => told(client, version)))
    }
  })

  await t.test('what both set at once comes to one version everywhere', async (t) => {
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(admins.map((admin, index) => admin.put(ID, `${round} of ${index}`)))
      const version = (await admins[0].list())[ID] ?? ''
      t.match(version, new RegExp(`^${round} of [01]$`))
      await Promise.all(clients.map((client) => told(client, version)))
    }
    for (const client of clients) {
      const last = client.frames.findLast(({ messageType }) => messageType === 'broadcast')
      t.same(last, { messageType: 'broadcast', broadcasts: { [ID]: (await admins[1].list())[ID] } })
    }
  })

  await t.test('while NATS is away nodes find it in the store', async () => {
    await cluster.nats.stop()
    await admins[1].put(ID, 'without NATS')
    await Promise.all(clients.map((client) => told(client, 'without NATS')))
  })
})

t.test(
  'a service follows another one as it would Megaphone, and its operator has the last word',
  async (t) => {
    const upstream = await startSystem({ env: { PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN } })
    t.teardown(() => upstream.stop())
    const far = new BroadcastAdmin(upstream.httpUrl)
    await far.put(ID, '"1"')
    const system = await startSystem({
      env: {
        ...ENV,
        PUSHGRID_MEGAPHONE_URL: `${upstream.httpUrl}/v1/broadcasts`,
        PUSHGRID_MEGAPHONE_TOKEN: ADMIN_TOKEN,
        PUSHGRID_MEGAPHONE_POLL_MS: '1000',
      },
    })
    t.teardown(() => system.stop())
    const near = new BroadcastAdmin(system.httpUrl)
    const client = await agentWith(system.wsUrl, '"1"')
    await far.put(ID, '"2"')
    await told(client, '"2"')
    t.equal(await near.put(ID, 'mine'), 200)
    await told(client, 'mine')
    await far.put(ID, '"3"')
    await near.put('a/b', 'x')
    await far.put('c/d', 'y')
    while ((await near.list())['c/d'] === undefined);
    t.same(await near.list(), { [ID]: 'mine', 'a/b': 'x', 'c/d': 'y' })
    t.equal(await near.drop(ID), 204)
    await told(client, '"3"')
    await client.close()
  },
)
