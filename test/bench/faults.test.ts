import t from 'tap'
import type { BenchResult } from '../../bench/result/result.ts'
import { runBench, type ScenarioFile } from '../support/bench-run.ts'
import { BrokenServer, type Faults } from '../support/broken-server.ts'

/*
 * A server with known faults is measured: the ledger and the histograms name each with the right count. What the counts have to be the
 * server says itself, so that nothing depends on how fast the machine is.
 */

const POSTS: ScenarioFile = {
  agents: 20,
  body: 200,
  'warm-up': 0,
  'vapid-share': 0,
  phases: [{ do: 'connect' }, { do: 'load', name: 'load', actions: { post: 1 } }],
}

async function measured(
  faults: Faults,
  args: readonly string[],
  plan: ScenarioFile = POSTS,
): Promise<{ result: BenchResult; server: BrokenServer }> {
  const server = await BrokenServer.start(faults)
  try {
    return { result: await runBench(plan, server.wsUrl, args), server }
  } finally {
    await server.stop()
  }
}

t.test('a server without faults', async (t) => {
  const args = ['--rate', '100', '--duration', '2s', '--settle', '60s']
  const { result, server } = await measured({}, args)
  const { ledger } = result
  t.ok(ledger.posted > 100)
  t.match(ledger, { posted: server.done.posts, accepted: ledger.posted, delivered: ledger.posted })
  t.match(ledger, { acknowledged: ledger.posted, lostIds: [] })
  t.match(ledger, { duplicated: 0, outOfOrder: 0, late: 0, replaced: 0, unrequested: 0, lost: 0 })
  t.same(result.statuses, { 201: ledger.posted })
})

t.test('messages are dropped, 1 in 1,000; doubled; refused', async (t) => {
  const faults = { dropEvery: 1000, duplicateEvery: 300, refuseEvery: 70 }
  const { result, server } = await measured(faults, ['--rate', '300', '--duration', '8s', '--settle', '8s'])
  const { ledger, statuses, errnos } = result
  const { posts, dropped, duplicated, refused } = server.done
  t.ok(dropped >= 2 && duplicated >= 4 && refused >= 20, 'there was something to be found')
  t.match(ledger, { posted: posts, accepted: posts - refused, lost: dropped, duplicated })
  t.equal(ledger.delivered, posts - refused - dropped)
  t.match(ledger, { outOfOrder: 0, late: 0, replaced: 0, unrequested: 0 })
  t.equal(ledger.lostIds.length, dropped)
  t.same(statuses, { 201: posts - refused, 503: refused })
  t.same(errnos, { 202: refused })
})

t.test('messages are sent after their TTL', async (t) => {
  // What is in time has 4 s to arrive, and what is late is so by 3.5 s: a second more than the TTL is not late yet.
  const args = ['--rate', '50', '--duration', '2s', '--ttl', '3', '--settle', '60s']
  const { result, server } = await measured({ lateEvery: 20, lateMs: 4500 }, args)
  const { posts, late } = server.done
  t.ok(late >= 3)
  t.match(result.ledger, { accepted: posts, delivered: posts, late, lost: 0 })
})

t.test('messages pass each other', async (t) => {
  // One sender, so that each message is accepted before the next one is sent; few subscriptions, so that one of the same comes soon.
  const args = ['--closed', '1', '--duration', '2s', '--settle', '5s']
  const { result, server } = await measured({ swapEvery: 10 }, args, { ...POSTS, agents: 2 })
  const { posts, swapped } = server.done
  t.ok(swapped >= 2)
  t.match(result.ledger, { accepted: posts, outOfOrder: swapped, lost: server.heldBack })
})

t.test('everything comes later', async (t) => {
  const { result } = await measured({ delayMs: 150 }, ['--rate', '50', '--duration', '2s'])
  t.ok((result.latencies['post_to_2xx']?.intended.minMs ?? 0) >= 149)
  t.ok((result.latencies['post_to_notification']?.intended.minMs ?? 0) >= 298)
})

t.test('nobody comes back before a slow server has answered', async (t) => {
  const phases = [
    { do: 'connect' },
    { do: 'disconnect' },
    { name: 'store', actions: { 'post-offline': 1 } },
    { do: 'answers' },
    { name: 'come back', do: 'connect' },
  ]
  const args = ['--rate', '20', '--duration', '1s', '--settle', '60s']
  const { result } = await measured({ delayMs: 3000 }, args, { ...POSTS, phases })
  const fromS = (phase: string) => result.phases.find(({ name }) => name === phase)?.fromS ?? Number.NaN
  t.ok(result.ledger.accepted > 0)
  t.ok(fromS('come back') - fromS('store') > 2.9)
  t.equal(result.ledger.delivered, result.ledger.accepted)
})

t.test('a stall shows in the latency from the intended time, and not only in the service time', async (t) => {
  // For 2 of 4 s nothing is answered. Once all connections wait, messages that should be sent can't be: whoever times them from when they were sees a few slow ones only.
  const args = ['--rate', '100', '--duration', '4s', '--connections-max', '8', '--settle', '10s']
  const { result } = await measured({ stall: { atPost: 150, forMs: 2000 } }, args)
  const { intended, service } = answered(result)
  const slowest = Math.max(...present(result.timeline.series['post_to_2xx.max']))
  t.ok(slowest > 1900, 'the plot has it')
  t.ok(intended.maxMs > 1900)
  t.ok(p75(intended) > 400, 'more than a quarter of the messages waited for the end of the stall')
  t.ok(p75(service) < p75(intended) / 2, 'few of them were on the wire meanwhile')
})

t.test('a closed loop hides the same stall', async (t) => {
  const args = ['--closed', '4', '--duration', '4s', '--settle', '10s']
  const { result } = await measured({ stall: { atPost: 150, forMs: 2000 } }, args)
  const { intended } = answered(result)
  t.equal(result.load.model, 'closed')
  t.ok(intended.maxMs > 1900)
  t.ok(p75(intended) < 400, 'each sender waits once, and sends nothing meanwhile that could be slow')
})

function answered(result: BenchResult): BenchResult['latencies'][string] {
  const both = result.latencies['post_to_2xx']
  if (both === undefined) throw new Error('nothing was answered')
  return both
}

function p75({ percentilesMs }: BenchResult['latencies'][string]['intended']): number {
  return percentilesMs['p75'] ?? Number.NaN
}

function present(column: readonly (number | null)[] | undefined): number[] {
  return (column ?? []).filter((value) => value !== null)
}
