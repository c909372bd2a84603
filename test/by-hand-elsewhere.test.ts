import t from 'tap'
import webPush from 'web-push'
import { AgentProcess, pushgrid, subscribedByHand, subscribedHere } from './support/by-hand.ts'
import { OtherService } from './support/other-service.ts'

/*
 * `pushgrid agent` and `pushgrid send` with a push service that is not Pushgrid.
 */
const service = await OtherService.start()
t.teardown(() => service.stop())

t.test('what every service has', async (t) => {
  const { folder, agent, send } = await subscribedByHand(t, service.wsUrl)
  const sent = await pushgrid(folder, ['send', 'me.json', 'Grüße', '--ttl', '60'])
  t.match(sent, { code: 0, stderr: '', stdout: /^201 Created\nlocation +http:\S+\nttl +60 s\n$/ })
  t.match(await agent.event('message'), { text: 'Grüße', ack: 100 })
  t.match(await send('me.json', 'in the older way', '--encoding', 'aesgcm'), { code: 0 })
  t.match(await agent.event('message'), { text: 'in the older way', headers: { encoding: 'aesgcm' } })
  t.match(await send('me.json'), { code: 0 })
  t.notOk('text' in (await agent.event('message')), 'an empty message')
  t.match(await agent.interrupt(), { code: 0, stderr: '' })

  const { stdout } = await send('me.json', 'taken back')
  t.match(await send('me.json', 'kept'), { code: 0 })
  const location = /^location +(\S+)$/m.exec(stdout)?.[1] ?? ''
  t.match(await send('--delete', location), { code: 0, stdout: /^taken back/ })
  t.match(await send('--delete', location), { code: 1, stderr: /there is no such message any more/ })
  const later = new AgentProcess(t, folder, ['--once'])
  t.match(await later.event('connected'), { isNew: false })
  t.match(await later.event('message'), { text: 'kept' })
  t.match(await later.ended, { code: 0 })
  t.match(await new AgentProcess(t, folder, ['--unregister', 'default']).ended, { code: 0 })
  t.match(await send('me.json', 'too late'), { code: 1, stderr: /^pushgrid: 410 Gone, errno 106 \(the sub/ })
})

t.test('receipts: it gives none', async (t) => {
  const { agent, send } = await subscribedHere(t, service.wsUrl)
  t.match(await send('me.json', 'sent all the same', '--receipt'), {
    code: 1,
    stdout: /^201 Created\n/,
    stderr: 'pushgrid: this server gives no receipts: nothing will be heard of the message\n',
  })
  t.match(await agent.event('message'), { text: 'sent all the same' })
})

t.test('urgency: it does not know the message and hangs up', async (t) => {
  const agent = new AgentProcess(t, t.testdir(), ['--url', service.wsUrl, '--urgency', 'high'])
  t.match(await agent.ended, {
    code: 1,
    stderr:
      /^pushgrid: the server may not know what --urgency asks for.*\(the server closed .*1011, Json\)\)\n$/,
  })
})

t.test('broadcasts: it has none of them', async (t) => {
  const { agent } = await subscribedHere(t, service.wsUrl, ['--broadcast', 'weather/alerts'])
  t.match(await agent.event('broadcastRefused'), { id: 'weather/alerts', reason: 'Broadcast not found' })
})

t.test('a restricted subscription has an endpoint of another kind', async (t) => {
  // This service looks whether a message is signed, not by whom.
  const { publicKey } = webPush.generateVAPIDKeys()
  const { agent, send } = await subscribedHere(t, service.wsUrl, ['--vapid-key', publicKey])
  t.match(await agent.event('subscription'), { subscription: { endpoint: /\/wpush\/v2\// } })
  t.match(await send('me.json', '--no-vapid'), { code: 1, stderr: /errno 109 \(a restr/ })
  t.match(await send('me.json', 'signed'), { code: 0 })
  t.match(await agent.event('message'), { text: 'signed' })
})

t.test('what it says that is not understood is shown, and nothing comes of it', async (t) => {
  const { agent, send } = await subscribedHere(t, service.wsUrl)
  service.say({ messageType: 'dance', how: 'slowly' })
  t.match(await agent.event('notUnderstood'), { text: '{"messageType":"dance","how":"slowly"}' })
  t.match(await send('me.json', 'afterwards'), { code: 0 })
  t.match(await agent.event('message'), { text: 'afterwards' })
})
