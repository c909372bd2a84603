import t from 'tap'
import { Cluster } from './support/cluster.ts'
import { PATIENT } from './support/patient.ts'
import { Sender } from './support/sender.ts'
import { subscribed } from './support/subscribed.ts'
import { TraceCollector, treeOf } from './support/trace-collector.ts'

/** Waited for an acknowledgement that does not come; a busy machine gives the one that does come in much less. */
const GRACE_MS = '4000'

t.test('the way of a message is one trace, across endpoint, bus, node and store', async (t) => {
  const collector = await TraceCollector.start()
  t.teardown(() => collector.stop())
  const cluster = await Cluster.start({
    nodes: 1,
    endpoints: 1,
    env: {
      ...PATIENT,
      PUSHGRID_TRACE_URL: collector.url,
      PUSHGRID_TRACE_RATIO: '1',
      PUSHGRID_TRACE_NAME: 'traced',
      PUSHGRID_ACK_GRACE_MS: GRACE_MS,
    },
  })
  const sender = new Sender()
  t.teardown(() => sender.close())
  const { url } = cluster.node(0)
  const acknowledging = await subscribed(url, { onNotification: (one, agent) => agent.ack(one) })
  const silent = await subscribed(url)
  const offline = await subscribed(url)
  await offline.client.close()
  await sender.post(acknowledging.endpoint, { text: 'acknowledged' })
  await sender.post(silent.endpoint, { text: 'not acknowledged' })
  await sender.post(offline.endpoint, { text: 'nobody is there' })
  await sender.post(acknowledging.endpoint, { headers: { ttl: 'soon' } })
  await Promise.all([acknowledging.client.close(), silent.client.close()])
  // Whoever ends sends what it has.
  await cluster.stop()

  const trees = collector.traces.map((spans) => treeOf(spans).join('\n'))
  t.same(
    trees.sort(),
    [
      'POST message: delivered\n  ask: delivered\n    deliver: delivered\n      ack: acknowledged',
      // What comes first is a matter of which one ends first.
      'POST message: stored\n  ask: absent\n  store channelStatus: done\n  store put: done',
      'POST message: stored\n  ask: stored\n    deliver: stored\n      store put: done\n      ack: not in time',
      'POST message: ttlInvalid',
    ].sort(),
  )
  t.ok(collector.spans.every(({ service }) => service === 'traced'))
  t.notMatch(JSON.stringify(collector.spans), new URL(silent.endpoint).pathname.split('/').at(-1) ?? '')
})
