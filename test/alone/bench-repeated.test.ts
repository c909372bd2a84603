import t from 'tap'
import { compareResults } from '../../bench/report/report.ts'
import type { BenchResult } from '../../bench/result/result.ts'
import { runBench, type ScenarioFile } from '../support/bench-run.ts'
import { DelayProxy } from '../support/delay-proxy.ts'
import { startSingleSystem } from '../support/single-system.ts'

/*
 * Runs on Pushgrid repeated in turn. POSTs take a fixed time longer on their way, so that what else the machine does is small against the 10 % that are to
 * be found; and each run is so long that most of them have nothing to do with a process that stands still for a second or so.
 */
const DELAY_MS = 1000
const SLOWER = 1.1
/** Of each of the two. */
const REPEATED = 5
/** `compare` may raise a false alarm in one comparison of twenty; a test must not. One this small would be no news to anybody. */
const NEGLIGIBLE = 0.03

const POSTS: ScenarioFile = {
  agents: 20,
  body: 200,
  'vapid-share': 0,
  rate: 30,
  duration: '5500ms',
  settle: '60s',
  phases: [{ do: 'connect' }, { do: 'load', name: 'load', actions: { post: 1 } }],
}

t.setTimeout(600_000)

t.test('the same is found to be the same, and 10 % slower to be slower', async (t) => {
  const system = await startSingleSystem({ env: {} })
  const proxy = await DelayProxy.start(Number(new URL(system.httpUrl).port), DELAY_MS)
  t.teardown(async () => {
    await proxy.stop()
    await system.stop()
  })
  const run = async (label: string, delayMs: number) => {
    proxy.delayMs = delayMs
    return runBench(POSTS, system.wsUrl, ['--endpoint-origin', proxy.origin, '--label', label])
  }
  const [usual, slow]: [BenchResult[], BenchResult[]] = [[], []]
  for (let round = 0; round < REPEATED; round += 1) {
    usual.push(await run('usual', DELAY_MS))
    slow.push(await run('slow', DELAY_MS * SLOWER))
  }
  const isEven = (_: BenchResult, index: number) => index % 2 === 0
  const same = difference(
    usual.filter(isEven),
    usual.filter((result, index) => !isEven(result, index)),
  )
  t.ok(!same.isClear || Math.abs(same.ratio - 1) < NEGLIGIBLE, same.words)
  const slower = difference(usual, slow)
  t.match(slower, { isClear: true, tone: 'worse' }, slower.words)
  t.ok(slower.ratio > 1.05 && slower.ratio < 1.15, slower.words)
})

/** How the second group differs from the first by the median time to an answer. */
function difference(first: readonly BenchResult[], second: readonly BenchResult[]) {
  const named = (results: readonly BenchResult[], label: string) =>
    results.map((result, index) => ({ file: `${label}-${index}.json`, result: { ...result, label } }))
  const { rows } = compareResults([...named(first, 'a'), ...named(second, 'b')])
  const [found] = rows.find(({ name }) => name === 'p50(post_to_2xx)')?.differences ?? []
  if (found === undefined) throw new Error('it was not compared')
  return found
}
