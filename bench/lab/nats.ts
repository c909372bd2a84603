// What NATS costs Pushgrid: `node dist/bench/lab/nats.js`. A cluster of three nats-servers, one process that listens as a node does, and one that
// asks as an endpoint does at another server.
import { parseArgs } from 'node:util'
import { startNatsCluster } from './nats-cluster.ts'
import { startBusProcess } from './nats-process.ts'
import { connectPlainBus } from './plain-bus.ts'

const { values } = parseArgs({
  options: { subjects: { type: 'string', default: '100000' }, asks: { type: 'string', default: '40000' } },
})
const [SUBJECTS, ASKS] = [Number(values.subjects), Number(values.asks)]
const PROBES = 500
const AT_A_TIME = 64
/** Listened to before the measurement, so that what a process needs once is not counted. */
const WARM_UP_SUBJECTS = 10_000
const PATIENT_MS = 10_000

const servers = await startNatsCluster()
const [first, second] = servers
if (first === undefined || second === undefined) throw new Error('it takes two')
const node = await startBusProcess([first.address])
const endpoint = await startBusProcess([second.address])

await measureListening()
await measureAsking()
await measureInterest(first.address, second.address)
await measureRestoring(first)
node.stop()
endpoint.stop()
for (const server of servers) if (server !== first) await server.process.stop()
process.exit()

async function measureListening(): Promise<void> {
  await node.do({ kind: 'listen', from: 0, count: WARM_UP_SUBJECTS })
  await endpoint.do({ kind: 'ask', from: WARM_UP_SUBJECTS - 1, subjects: 1, count: 10, atATime: 1 })
  const before = servers.map(({ process: one }) => ({ bytes: one.residentBytes(), us: one.cpuUs() }))
  const { ms, cpuUs } = await node.do({ kind: 'listen', from: WARM_UP_SUBJECTS, count: SUBJECTS })
  let failed = 1
  const last = {
    kind: 'ask',
    from: WARM_UP_SUBJECTS + SUBJECTS - 1,
    subjects: 1,
    count: 1,
    atATime: 1,
  } as const
  while (failed > 0) failed = (await endpoint.do(last)).failed
  console.log(
    `listening to ${SUBJECTS}: ${perSecond(SUBJECTS, ms)}, ${(cpuUs / SUBJECTS).toFixed(1)} us CPU of the node each`,
  )
  for (const [index, { process: one }] of servers.entries()) {
    const kilobytes = (one.residentBytes() - (before[index]?.bytes ?? 0)) / SUBJECTS / 1000
    const us = (one.cpuUs() - (before[index]?.us ?? 0)) / SUBJECTS
    const whose = index === 0 ? 'of the node' : 'beside it'
    console.log(`  ${one.name} (${whose}): ${kilobytes.toFixed(2)} kB and ${us.toFixed(1)} us CPU each`)
  }
}

async function measureAsking(): Promise<void> {
  const asking = { kind: 'ask', from: WARM_UP_SUBJECTS, subjects: SUBJECTS, atATime: AT_A_TIME } as const
  await endpoint.do({ ...asking, count: ASKS / 4 })
  const before = servers.map(({ process: one }) => one.cpuUs())
  // Its own CPU time is asked for by doing nothing.
  const nodeBefore = await node.do({ kind: 'listen', from: 0, count: 0 })
  const { ms, cpuUs, failed } = await endpoint.do({ ...asking, count: ASKS })
  const nodeAfter = await node.do({ kind: 'listen', from: 0, count: 0 })
  const each = (us: number) => `${(us / ASKS).toFixed(0)} us`
  const ofServers = servers.map(({ process: one }, index) => each(one.cpuUs() - (before[index] ?? 0)))
  console.log(
    `asking ${ASKS} from another server, ${AT_A_TIME} at a time, 1.2 kB: ${perSecond(ASKS, ms)}, ${failed} failed`,
  )
  console.log(
    `  CPU each: endpoint ${each(cpuUs)}, node ${each(nodeAfter.totalCpuUs - nodeBefore.totalCpuUs)}, servers ${ofServers.join(', ')}`,
  )
}

/** From the moment a subscription is flushed to one server until an ask through another finds it. */
async function measureInterest(one: string, other: string): Promise<void> {
  const [here, there] = [await connectPlainBus(one), await connectPlainBus(other)]
  const delays: number[] = []
  let absents = 0
  for (let probe = 0; probe < PROBES; probe += 1) {
    const address = `probe.${probe}`
    const listening = here.listen(address, (message, respond) => respond?.(message))
    await here.flush()
    const flushedMs = performance.now()
    while (typeof (await there.ask(address, new Uint8Array(1), PATIENT_MS)) === 'string') absents += 1
    delays.push(performance.now() - flushedMs)
    listening.stop()
  }
  await Promise.all([here.close(), there.close()])
  const sorted = delays.toSorted((a, b) => a - b)
  const at = (part: number) => `${(sorted[Math.floor((PROBES - 1) * part)] ?? 0).toFixed(1)} ms`
  console.log(
    `flushed at one server, answered through another: ${at(0.5)} (median), ${at(0.99)} (99 %), ${at(1)} (longest)`,
  )
  console.log(`  ${absents} asks of ${PROBES + absents} came too early and found nobody`)
}

async function measureRestoring(server: typeof first): Promise<void> {
  const restored = node.restored()
  await server?.process.stop()
  const { ms } = await restored
  const count = SUBJECTS + WARM_UP_SUBJECTS
  console.log(`a server lost, ${count} listened to again at another: ${Math.round(ms)} ms`)
}

function perSecond(count: number, ms: number): string {
  return `${Math.round(count / (ms / 1000))} a second`
}
