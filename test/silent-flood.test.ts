import { readdir } from 'node:fs/promises'
import type { Socket } from 'node:net'
import t from 'tap'
import { createSystemRandom } from '../cluster/clock.ts'
import { newUaid } from '../push/ids.ts'
import { AgentClient } from './support/agent-client.ts'
import { becomes } from './support/becomes.ts'
import { Cluster } from './support/cluster.ts'
import { scrape } from './support/metrics.ts'
import { silentSocket } from './support/silent-socket.ts'

/*
 * Many addresses open websockets and say nothing, on a node of a cluster: only a store that takes its time makes hellos wait, and only then a node
 * has a reason to refuse anybody.
 */

const ADDRESSES = 40
const SILENT_MAX = 1000
/** What an address opens at a time. */
const AT_A_TIME = 5
/** User agents that say hello beforehand, so that the node knows how long one takes; then while others flood it. */
const WARM_UP = 240
const HONEST = 120
/** More than are looked up at a time, but so few that they would wait for one second only where each took half of one. */
const HELLOS_AT_A_TIME = 10
/** Descriptors that a node has besides: files, NATS, MongoDB, user agents. */
const OTHER_DESCRIPTORS = 500

const random = createSystemRandom()
const cluster = await Cluster.start({
  nodes: 1,
  endpoints: 1,
  env: {
    PUSHGRID_SILENT_MAX: `${SILENT_MAX}`,
    PUSHGRID_HELLOS_MAX: '8',
    // Long enough for those who speak, and much less than would be reckoned for those who do not.
    PUSHGRID_HELLO_QUEUE_MS: '1000',
  },
})
t.teardown(() => cluster.stop())
const { url } = cluster.node(0)

t.test('silent websockets of many addresses: no user agent is refused for them', async (t) => {
  await hellos(WARM_UP)
  const silent: Socket[] = []
  let isOver = false
  const flooding = Array.from({ length: ADDRESSES }, async (_, index) => {
    while (!isOver || silent.length < 2 * SILENT_MAX)
      silent.push(...(await silentFrom(`127.0.1.${index + 1}`)))
  })
  const flood = Promise.all(flooding)
  await hellos(HONEST)
  isOver = true
  await flood
  const metrics = await scrape(url)
  const value = (series: string) => metrics.value(`pushgrid_${series}`) ?? 0
  t.ok(silent.length > SILENT_MAX)
  t.ok(value('client_limits_total{limit="allSilent"}') >= silent.length - SILENT_MAX)
  t.ok(value('hellos{state="expected"}') <= SILENT_MAX)
  t.equal(value('upgrades_refused_total'), 0)
  t.equal(value('closes_total{reason="tooManyHellos",code="1013"}'), 0)
  const descriptors = async () => (await readdir(`/proc/${cluster.node(0).process.pid}/fd`)).length
  const areFew = async () => (await descriptors()) < SILENT_MAX + OTHER_DESCRIPTORS
  await becomes(t, areFew, true, `${await descriptors()} descriptors, or soon fewer`)
  for (const socket of silent) socket.destroy()
})

/** Lets so many user agents that the store has to look up say hello, some at a time. @throws when one is refused */
async function hellos(count: number): Promise<void> {
  for (let done = 0; done < count; done += HELLOS_AT_A_TIME) {
    const some = Array.from({ length: HELLOS_AT_A_TIME }, () => AgentClient.hello(url, newUaid(random)))
    for (const { client } of await Promise.all(some)) await client.terminate()
  }
}

function silentFrom(address: string): Promise<Socket[]> {
  return Promise.all(Array.from({ length: AT_A_TIME }, () => silentSocket(url, address)))
}
