import t from 'tap'
import { AgentClient } from '../support/agent-client.ts'
import { becomes } from '../support/becomes.ts'
import { ADMIN_TOKEN, BroadcastAdmin } from '../support/broadcast-admin.ts'
import { AgentProcess, pushgrid, type Ran, subscribedByHand } from '../support/by-hand.ts'
import { startSystem } from '../support/system.ts'

/*
 * `pushgrid agent` and `pushgrid send`, as a user runs them, on the real service.
 */
const system = await startSystem({
  env: {
    PUSHGRID_ADMIN_TOKEN: ADMIN_TOKEN,
    PUSHGRID_RECEIPT_SWEEP_MS: '200',
    PUSHGRID_RECEIPT_RECHECK_MS: '2000',
  },
})
t.teardown(() => system.stop())

function locationOf({ stdout }: Ran): string {
  return /^location +(\S+)$/m.exec(stdout)?.[1] ?? ''
}

/** What a node says of a broadcast; one that has just been made it may not have read yet. */
async function versions(wsUrl: string, id: string): Promise<object> {
  const client = await AgentClient.connect(wsUrl)
  const { broadcasts } = await client.hello(undefined, { [id]: '' })
  await client.close()
  return broadcasts
}

t.test('sent, shown decrypted, and the receipt says acknowledged', async (t) => {
  const { folder, agent, send } = await subscribedByHand(t, system.wsUrl, ['--channel', 'news'])
  for (const encoding of ['aes128gcm', 'aesgcm']) {
    const args = [
      'send',
      'me.json',
      `Grüße in ${encoding}`,
      '--encoding',
      encoding,
      '--receipt',
      '--ttl',
      '60',
    ]
    const sent = await pushgrid(folder, args)
    t.match(sent, { code: 0, stderr: '', stdout: /^202 Accepted\nlocation +http.*\nttl +60 s\nreceipt +ack/ })
    t.match(await agent.event('message'), {
      channel: 'news',
      text: `Grüße in ${encoding}`,
      ttl: 60,
      headers: { encoding },
      ack: 100,
    })
  }
  t.match(await send('me.json', '--no-vapid'), { code: 0, stdout: /^201 Created\n/ })
  t.notOk('text' in (await agent.event('message')), 'an empty message')
  t.match(await pushgrid(folder, ['send', 'me.json', '--stdin'], { input: 'piped' }), { code: 0 })
  t.match(await agent.event('message'), { text: 'piped' })
  t.match(await agent.interrupt(), { code: 0, stderr: '' })
})

t.test('sent while nobody is connected, shown at the next start; taken back, it is not', async (t) => {
  const { folder, agent, send } = await subscribedByHand(t, system.wsUrl)
  await agent.interrupt()
  t.match(await send('me.json', 'first'), { code: 0 })
  const second = await send('me.json', 'second')
  t.match(await send('--delete', locationOf(second)), { code: 0, stdout: /^taken back/ })
  t.match(await send('--delete', locationOf(second)), {
    code: 1,
    stderr: /there is no such message any more/,
  })
  t.match(await send('me.json', 'older', '--topic', 'weather'), { code: 0 })
  t.match(await send('me.json', 'newer', '--topic', 'weather'), { code: 0 })
  const later = new AgentProcess(t, folder, ['--count', '2', '--wait', '30'])
  t.match(await later.event('connected'), { isNew: false })
  t.match(await later.event('subscription'), { isNew: false, channel: 'default' })
  t.match(await later.event('message'), { text: 'first' })
  t.match(await later.event('message'), { text: 'newer' })
  t.match(await later.ended, { code: 0, stderr: '' })
})

t.test('ack 102, and no acknowledgement: the receipts', async (t) => {
  const { folder, agent, send } = await subscribedByHand(t, system.wsUrl, ['--ack', '102'])
  const refused = await send('me.json', 'unwanted', '--receipt')
  t.match(refused, { code: 1, stderr: /^pushgrid: the receipt says: not delivered/ })
  t.match(await agent.event('message'), { text: 'unwanted', ack: 102 })
  await agent.interrupt()

  const silent = new AgentProcess(t, folder, ['--ack', 'none'])
  await silent.event('waiting')
  t.match(await send('me.json', 'unanswered', '--receipt', '--wait', '1'), {
    code: 1,
    stdout: /^202 Accepted/,
    stderr: /no receipt within 1 s; it will be at http/,
  })
  t.match(await silent.event('message'), { text: 'unanswered' })
  await silent.interrupt()
  t.match(await new AgentProcess(t, folder, ['--once']).event('message'), { text: 'unanswered', ack: 100 })
})

t.test('what is less urgent than wanted waits until less is wanted', async (t) => {
  const { folder, agent, send } = await subscribedByHand(t, system.wsUrl, ['--urgency', 'high'])
  t.match(await agent.event('urgency'), { min: 'high' })
  t.match(await send('me.json', 'whenever', '--urgency', 'low'), { code: 0 })
  t.match(await send('me.json', 'now', '--urgency', 'high'), { code: 0 })
  t.match(await agent.event('message'), { text: 'now' })
  await agent.interrupt()
  const later = new AgentProcess(t, folder, ['--urgency', 'very-low', '--once'])
  t.match(await later.event('message'), { text: 'whenever' })
})

t.test('broadcasts', async (t) => {
  const admin = new BroadcastAdmin(system.httpUrl)
  t.equal(await admin.put('by-hand/weather', 'v1'), 201)
  for (const url of system.wsUrls)
    await becomes(
      t,
      () => versions(url, 'by-hand/weather'),
      { 'by-hand/weather': 'v1' },
      'each node knows it',
    )
  const { agent } = await subscribedByHand(t, system.wsUrl, [
    '--broadcast',
    'by-hand/weather',
    '--broadcast',
    'by-hand/none=1',
  ])
  t.match(await agent.event('broadcast'), { id: 'by-hand/weather', version: 'v1' })
  t.match(await agent.event('broadcastRefused'), { id: 'by-hand/none', reason: 'Broadcast not found' })
  t.equal(await admin.put('by-hand/weather', 'v2'), 200)
  t.match(await agent.event('broadcast'), { id: 'by-hand/weather', version: 'v2' })
})
