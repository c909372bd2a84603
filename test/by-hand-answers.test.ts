import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { awaitReceipt, type Outcome } from '../deploy/by-hand/receipt.ts'
import { AgentHere, type Ran, subscribedHere } from './support/by-hand.ts'
import { startSingleSystem } from './support/single-system.ts'

/*
 * Whatever `pushgrid agent` may answer to a message, and what the application server hears of it by its receipt.
 */
const SENDS_MAX = 2
const system = await startSingleSystem({ env: { PUSHGRID_SENDS_MAX: `${SENDS_MAX}` } })
t.teardown(() => system.stop())
const RECEIPT_WAIT_S = 60
const absent = await subscribedHere(t, system.wsUrl)
await absent.agent.end()

/** What became of a message of which `send` had heard nothing when it ended. */
function outcomeOf({ stdout, stderr }: Ran): Promise<Outcome> {
  const [, location = ''] = /^location +(\S+)$/m.exec(stdout) ?? []
  const [, receipts = ''] = /^pushgrid: no receipt within \d+ s; it will be at (\S+)$/m.exec(stderr) ?? []
  return awaitReceipt(receipts, location, RECEIPT_WAIT_S, systemClock)
}

/** Ends a run. The store writes in the order of asking: with the message for somebody else it has also written how often others were sent. */
async function leave(agent: AgentHere): Promise<void> {
  await agent.end()
  await absent.send('me.json', 'for later')
}

for (const [ack, sent] of [
  [100, { code: 0, stdout: /^202 Accepted\n(.*\n)*receipt +acknowledged\n$/, stderr: '' }],
  [101, { code: 1, stderr: 'pushgrid: the receipt says: not delivered, and it will not be\n' }],
  [102, { code: 1, stderr: 'pushgrid: the receipt says: not delivered, and it will not be\n' }],
] as const)
  t.test(`ack ${ack}`, async (t) => {
    const { agent, send } = await subscribedHere(t, system.wsUrl, ['--ack', `${ack}`])
    t.match(await send('me.json', 'text', '--receipt'), sent)
    t.match(await agent.event('message'), { text: 'text', ack })
  })

t.test('ack 102 for what an earlier session was sent: it has it already', async (t) => {
  const { folder, agent, send } = await subscribedHere(t, system.wsUrl, ['--ack', 'none'])
  const sent = await send('me.json', 'text', '--receipt', '--wait', '0')
  t.match(sent, { code: 1, stdout: /^202 Accepted\n/ })
  await agent.event('message')
  await leave(agent)
  const later = await AgentHere.start(t, folder, system.wsUrl, ['--ack', '102'])
  t.match(await later.event('message'), { text: 'text', ack: 102 })
  t.equal(await outcomeOf(sent), 'acknowledged')
})

for (const nack of [301, 302, 303])
  t.test(`nack ${nack}: it comes again in the next session, not in this one`, async (t) => {
    const { folder, agent, send } = await subscribedHere(t, system.wsUrl, ['--nack', `${nack}`])
    const sent = await send('me.json', 'first', '--receipt', '--wait', '0')
    t.match(sent, { code: 1, stdout: /^202 Accepted\n/ })
    t.match(await agent.event('message'), { text: 'first', nack })
    t.match(await send('me.json', 'second'), { code: 0, stdout: /^201 Created\n/ })
    t.match(await agent.event('message'), { text: 'second', nack })
    await leave(agent)
    const later = await AgentHere.start(t, folder, system.wsUrl, [])
    const again = [await later.event('message'), await later.event('message')]
    t.same(again.map(({ text }) => text).sort(), ['first', 'second'])
    t.equal(await outcomeOf(sent), 'acknowledged')
  })

t.test('refused by as many sessions as may send it: it is given up, and the receipt says so', async (t) => {
  const { folder, agent, send } = await subscribedHere(t, system.wsUrl, ['--nack', '302'])
  const sent = await send('me.json', 'poison', '--receipt', '--wait', '0')
  await agent.event('message')
  await leave(agent)
  for (let session = 2; session <= SENDS_MAX; session++) {
    const refusing = await AgentHere.start(t, folder, system.wsUrl, ['--nack', '302'])
    t.match(await refusing.event('message'), { text: 'poison' })
    await leave(refusing)
  }
  const last = await AgentHere.start(t, folder, system.wsUrl, [])
  t.equal(await outcomeOf(sent), 'notDelivered')
  t.match(await send('me.json', 'wholesome'), { code: 0 })
  t.match(await last.event('message'), { text: 'wholesome' })
})
