import { readFileSync } from 'node:fs'
import path from 'node:path'
import { systemsOf } from '../lab/systems.ts'
import { runStandardSet, type StandardSet } from './standard-set.ts'

/*
 * `npm run bench`: a short standard set on Pushgrid as one process, then as a cluster on this machine; leaves a result and a report of each run, and one
 * page with all of them. Takes about two minutes.
 */
const RUNS: StandardSet['runs'] = [
  ['direct', '--agents', '500', '--rate', '300', '--warm-up', '4s', '--duration', '12s'],
  ['store', '--agents', '300', '--rate', '100', '--duration', '8s'],
  ['idle', '--agents', '5000', '--duration', '5s'],
]

const [folder = path.resolve('bench-results', 'standard')] = process.argv.slice(2)
const ending = new AbortController()
process.once('SIGINT', () => ending.abort())

const results = await runStandardSet({
  runs: RUNS,
  modes: [...modes('one process', false), ...modes('cluster', true)],
  folder,
  signal: ending.signal,
  version: version(),
  say: (line) => console.log(line),
})
if (results.length === 0) process.exitCode = 3

function modes(label: string, cluster: boolean): StandardSet['modes'] {
  return systemsOf({ cluster }).map((start) => ({ label, start }))
}

function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(path.join(import.meta.dirname, '../../../package.json'), 'utf8'),
  )
  return manifest.version
}
