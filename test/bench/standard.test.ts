import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { systemsOf } from '../../bench/lab/systems.ts'
import { runStandardSet, type StandardSet } from '../../bench/standard/standard-set.ts'
import { checked } from '../support/short-bench-run.ts'

/*
 * What `npm run bench` does, with a set that takes seconds, on one process.
 */
const RUNS: StandardSet['runs'] = [
  ['direct', '--agents', '10', '--rate', '20', '--warm-up', '0', '--duration', '1s', '--settle', '60s'],
  ['idle', '--agents', '10', '--duration', '1s'],
]
const single = systemsOf({}).map((start) => ({ label: 'one process', start }))
const broken = { label: 'cluster', start: () => Promise.reject(new Error('there is no nats-server')) }

/** Runs the set; gives what it said and what it left, too. */
async function runIn(folder: string, modes: StandardSet['modes'], signal = new AbortController().signal) {
  const said: string[] = []
  const say = (line: string) => void said.push(line)
  const results = await runStandardSet({ runs: RUNS, modes, folder, signal, version: '1.2.3', say })
  return { results, said: said.join('\n'), left: (await readdir(folder).catch(() => [])).toSorted() }
}

t.test(
  'a result and a report of each run, and a page of all; a system that can not be had is said',
  async (t) => {
    const folder = path.join(t.testdir(), 'made')
    const { results, said, left } = await runIn(folder, [broken, ...single])
    t.same(
      results.map(({ scenario, label }) => [scenario.name, label]),
      [
        ['direct', 'one process'],
        ['idle', 'one process'],
      ],
    )
    const files = ['direct-one-process', 'idle-one-process']
    t.same(left, [...files.flatMap((file) => [`${file}.html`, `${file}.json`]), 'index.html'].toSorted())
    for (const result of results) {
      t.match(result, { tool: { version: '1.2.3' } })
      t.equal(result.ledger.lost, 0, 'every accepted message arrived')
      t.match(result.processes, [{ name: 'serve', source: 'pid' }])
    }
    t.ok((results[0]?.ledger.delivered ?? 0) > 0, 'messages were delivered')
    for (const file of files) checked(JSON.parse(await readFile(path.join(folder, `${file}.json`), 'utf8')))
    const page = await readFile(path.join(folder, 'index.html'), 'utf8')
    for (const file of files) t.match(page, `href="${file}.html"`)
    t.match(page, '<h1>Pushgrid 1.2.3, standard set</h1>')
    t.match(
      said,
      /^cluster: direct\ncluster: not measured, there is no nats-server\none process: direct\none p/,
    )
    t.match(
      said,
      /^Scenario +System .*\ndirect +one process .*\nidle +one process .*\nreport +\S+index\.html$/m,
    )
  },
)

t.test('nothing measured, and one that is ended early: no page', async (t) => {
  t.same(await runIn(path.join(t.testdir(), 'broken'), [broken]), {
    results: [],
    said: 'cluster: direct\ncluster: not measured, there is no nats-server',
    left: [],
  })
  const ended = await runIn(path.join(t.testdir(), 'ended'), single, AbortSignal.abort())
  t.same(ended, { results: [], said: '', left: [] })
})
