import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { settled } from '../cluster/simulated-clock.ts'
import { PROCESSES_ADDRESS } from '../push/agent-requests.ts'
import { CLUSTER, deps, fakeParts, KEYS, optionsFor } from './fixtures/fake-parts.ts'
import { startRole } from './roles.ts'

t.test('the map of cells comes from a file, and is read again when told to', async (t) => {
  const folder = t.testdir({ cells: 'east=nats://a\n' })
  const file = path.join(folder, 'cells')
  const { parts, seen, buses, steps } = fakeParts()
  const lines: string[] = []
  const options = optionsFor(folder, '--nats-url-file', file, ...CLUSTER.slice(2), ...KEYS)
  const serving = await startRole('endpoint', options, parts, deps(lines))
  const health = () => seen[0]?.deps.busHealth()
  t.same(health(), { isReady: true, cells: { settled: true, byName: { east: { connected: true } } } })
  writeFileSync(file, 'east=nats://a;+west=nats://me:hunter2@b')
  serving.reload()
  await settled()
  const byName = { east: { connected: true }, west: { connected: true, change: 'adding' } }
  t.same(health(), { isReady: true, cells: { settled: true, byName } })
  t.equal(buses.length, 2)
  writeFileSync(file, 'east=nats://a;west')
  serving.reload()
  t.match(lines.at(-1), /"level":50.*the map of cells stays as it is: .* cell 2 has no name: must be/)
  t.match(health(), { cells: { byName } })
  rmSync(file)
  serving.reload()
  t.match(lines.at(-1), /the map of cells stays as it is: .* can't be read \(ENOENT\)/)
  buses[0]?.lost()
  t.match(health(), { isReady: true, cells: { byName: { east: { connected: false } } } })
  buses[1]?.lost()
  t.match(health(), { isReady: false, reason: 'no server of NATS is connected' })
  t.match(lines.at(-1), /"cell":"west".*the connection to NATS is lost/)
  t.notMatch(lines.join(), 'hunter2')
  t.equal(await serving.stop(), 'stopped')
  t.equal(steps.filter((step) => step === 'bus closed').length, 2)
})

t.test('a process starts without a cell that is away, and says so', async (t) => {
  const { parts, seen, buses } = fakeParts('cell b:4222')
  const lines: string[] = []
  const clock = {
    ...systemClock,
    after: (ms: number, run: () => void) => systemClock.after(ms === 2000 ? 0 : ms, run),
  }
  const cells = ['--nats-url', 'east=nats://a;west=nats://b']
  const options = optionsFor(t.testdir(), ...cells, ...CLUSTER.slice(2), ...KEYS)
  const serving = await startRole('endpoint', options, parts, { ...deps(lines), clock })
  t.match(lines.join(), /"cell":"west".*starting without this cell of NATS/)
  t.match(seen[0]?.deps.busHealth(), { isReady: true, cells: { byName: { west: { connected: false } } } })
  buses[1]?.restored()
  t.match(seen[0]?.deps.busHealth(), { cells: { byName: { west: { connected: true } } } })
  await serving.stop()
})

t.test('a process whose map differs from an older one is not ready; the older one is', async (t) => {
  const { parts, seen } = fakeParts()
  const lines: string[] = []
  const cells = ['--nats-url', 'east=nats://a;west=nats://b']
  const serving = await startRole(
    'endpoint',
    optionsFor(t.testdir(), ...cells, ...CLUSTER.slice(2), ...KEYS),
    parts,
    deps(lines),
  )
  const [endpoint] = seen
  const say = (process: string, ageMs: number, digest: string) => {
    const digests = { from: digest, to: digest }
    const statement = { process, ageMs, digests, isDisputed: false }
    endpoint?.deps.bus.tell(PROCESSES_ADDRESS, { kind: 'cells', statement })
  }
  // Of two that are as old to the millisecond the id decides, and no id is greater than this one.
  say('f'.repeat(16), 0, '0'.repeat(16))
  t.match(endpoint?.deps.busHealth(), { isReady: true })
  t.match(lines.at(-1), /"level":40.*a newer process has another map of cells/)
  say('b'.repeat(16), 1_000_000, '0'.repeat(16))
  const reason = '1 other processes have had another map of cells for longer'
  t.match(endpoint?.deps.busHealth(), { isReady: false, reason })
  t.match(lines.at(-1), /"level":40.*this one is not ready until they agree/)
  await serving.stop()
})
