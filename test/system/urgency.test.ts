import t from 'tap'
import { AgentClient } from '../support/agent-client.ts'
import { Sender, textOf } from '../support/sender.ts'
import { subscribed } from '../support/subscribed.ts'
import { startSystem } from '../support/system.ts'

const system = await startSystem()
const { wsUrl } = system
const sender = new Sender()
t.teardown(() => system.stop())
t.teardown(() => sender.close())

function post(endpoint: string, urgency: string) {
  return sender.post(endpoint, { text: urgency, headers: { urgency } })
}

const received = new Set<string>()

/** Takes one notification that is new to the user agent and acknowledges it. What was acknowledged late may come again in the next session. */
async function receive(client: AgentClient): Promise<string | undefined> {
  const notification = await client.next('notification')
  client.ack(notification)
  if (received.has(notification.version)) return receive(client)
  received.add(notification.version)
  return textOf(notification)
}

t.test('what is less urgent than wanted waits, across sessions, and flows when less is wanted', async (t) => {
  const { client, uaid, endpoint } = await subscribed(wsUrl)
  t.equal((await client.urgency('high')).status, 200)
  t.equal((await post(endpoint, 'low')).status, 201)
  t.equal((await post(endpoint, 'normal')).status, 201)
  const urgent = post(endpoint, 'high')
  t.equal(await receive(client), 'high')
  t.equal((await urgent).status, 201)
  await client.close()

  const { client: later } = await AgentClient.hello(wsUrl, uaid)
  const other = post(endpoint, 'high')
  t.equal(await receive(later), 'high', 'the minimum is kept for the UAID')
  await other
  later.send({ messageType: 'urgency', min: 'normal' })
  t.equal(await receive(later), 'normal')
  t.equal((await later.next('urgency')).status, 200)
  await later.urgency('very-low')
  t.equal(await receive(later), 'low')
  t.same(
    later.notifications.flatMap((each) => Object.keys(each).filter((key) => /urgency/i.test(key))),
    [],
    'the urgency itself is never forwarded',
  )
  await later.close()
})

t.test('an urgency that is none closes the connection; the header is refused with 115', async (t) => {
  const { client, endpoint } = await subscribed(wsUrl)
  const { status, body } = await post(endpoint, 'urgent')
  t.equal(status, 400)
  t.match(JSON.parse(body), { errno: 115, message: /very-low, low, normal, high/ })
  client.send({ messageType: 'urgency', min: 'urgent' })
  t.equal((await client.closed).code, 1008)
})
