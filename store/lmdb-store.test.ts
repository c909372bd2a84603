import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { open } from 'lmdb'
import t, { type Test } from 'tap'
import {
  CHANNEL,
  channelOf,
  digestOf,
  idsOf,
  LIMITS,
  listIds,
  messageIdOf,
  messageOf,
  NOW_MS,
  numbers,
  UA,
} from './fixtures/samples.ts'
import { FolderError } from './folder-lock.ts'
import { pairKey } from './lmdb-keys.ts'
import { RECORD_AT } from './lmdb-messages.ts'
import { LMDB_DEFAULTS, type LmdbStoreOptions, openLmdbStore } from './lmdb-store.ts'
import { storeContract } from './store.contract.ts'
import type { Store } from './store.ts'

storeContract(
  'lmdb',
  (limits, directory, unreadable = LMDB_DEFAULTS.unreadable) =>
    openLmdbStore({ ...LMDB_DEFAULTS, directory, limits, unreadable }),
  async (directory, uaid, id, bytes) => {
    const coding = { keyEncoding: 'binary', encoding: 'binary' } as const
    const root = open<Buffer, Buffer>({ path: directory, ...coding, maxDbs: 8, noSubdir: false })
    const messages = root.openDB<Buffer, Buffer>('messages', coding)
    const key = pairKey(uaid, id)
    const entry = messages.get(key)
    if (entry === undefined) throw new Error(`message ${id} is not there`)
    await messages.put(key, Buffer.concat([entry.subarray(0, RECORD_AT), bytes]))
    await root.close()
  },
)

t.test('what was reported before SIGKILL is there afterwards', async (t) => {
  const directory = t.testdir()
  let reported: number[] = []
  for (const reports of [1, 50, 300, 700, 1500]) {
    const child = startWriter(t, directory, 1 + Math.max(0, ...reported))
    reported = [...reported, ...(await reportsUntilKilled(child, reports))]
    const store = await openIn(directory)
    const ids = new Set(await listIds(store, UA, 1000))
    await store.close()
    t.strictSame(
      reported.filter((number) => !ids.has(messageIdOf(number))),
      [],
      'none is lost',
    )
    t.ok(reported.length >= reports, `${reported.length} were reported`)
  }
})

t.test(
  'a folder in use is refused, to other processes and to this one, until its holder is gone',
  async (t) => {
    const directory = t.testdir()
    const inUse = {
      name: 'FolderError',
      reason: 'inUse',
      message: `data folder ${directory} is in use by another pushgrid`,
    }
    const child = startWriter(t, directory, 1)
    await once(child, 'message')
    await t.rejects(openIn(directory), inUse, 'held by another process')
    await reportsUntilKilled(child, 1)
    const store = await openIn(directory)
    await t.rejects(openIn(directory), inUse, 'held by this process')
    await store.close()
    await (await openIn(directory)).close()
  },
)

t.test('a folder that can not be used is refused, by name', async (t) => {
  const directory = t.testdir({
    file: 'not a folder',
    'no-store': { 'data.mdb': 'x'.repeat(8192) },
    'cut-off': { 'data.mdb': 'x' },
    empty: { 'data.mdb': '' },
    'with.dot': {},
  })
  for (const name of ['file', 'file/below', 'no-store', 'cut-off']) {
    const folder = join(directory, name)
    const error = await openIn(folder).catch((error: unknown) => error)
    t.ok(error instanceof FolderError && error.reason === 'unusable', name)
    t.match(error, { message: `data folder ${folder} can't be used: ` })
  }
  await t.rejects(
    openIn(join(directory, 'no-store')),
    { name: 'FolderError', reason: 'unusable' },
    'and not locked for that',
  )
  for (const name of ['new/folder', 'with.dot', 'empty']) await (await openIn(join(directory, name))).close()
})

t.test('below the disk reserve nothing is added, but deletes go on', async (t) => {
  let free = 1000
  const store = await openIn(t.testdir(), { diskReserveBytes: 1000, freeBytes: async () => free })
  t.teardown(() => store.close())
  await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
  for (const number of [1, 2, 3]) await store.put(UA, messageOf(number), 0)

  free = 999
  const refusals = [
    store.put(UA, messageOf(4), 0),
    store.register(UA, channelOf(2), digestOf(1), NOW_MS),
    store.ping(),
  ]
  const deletion = store.remove(UA, idsOf(1), 'acknowledged')
  for (const refusal of refusals) await t.rejects(refusal, { name: 'PushError', code: 'storeFull' })
  t.strictSame(await deletion, idsOf(1), 'in the same commit')
  await store.countSends(UA, idsOf(2))
  t.strictSame(await listIds(store, UA), idsOf(2, 3))

  free = 1000
  await store.put(UA, messageOf(4), 0)
  await t.resolves(store.ping())
  t.strictSame(await listIds(store, UA), idsOf(2, 3, 4))
})

t.test('a disk whose free space can not be told is a store that is down', async (t) => {
  const freeBytes = () => Promise.reject(new Error('EIO'))
  const store = await openIn(t.testdir(), { freeBytes })
  t.teardown(() => store.close())
  await t.rejects(store.put(UA, messageOf(1), 0), { code: 'storeDown' })
  t.strictSame(await store.remove(UA, idsOf(1), 'acknowledged'), [])
})

t.test('a disk that is really full ends no process and loses nothing', async (t) => {
  const directory = t.testdir()
  // A limit on the size of files, in blocks of 512 bytes, is as good as a full disk: writing past it fails.
  // Through NODE_OPTIONS tap would make the child die of SIGXFSZ, which Node itself ignores.
  const script = 'unset NODE_OPTIONS; ulimit -f 2000; exec "$0" "$@"'
  const fixture = fixturePath('disk-filler')
  const command = ['-c', script, process.execPath, fixture, directory]
  const { stdout } = await promisify(execFile)('sh', command)
  const { kept, refused }: { kept: number[]; refused: string[] } = JSON.parse(stdout)
  t.strictSame(refused, ['storeDown'])
  t.ok(kept.length > 50, `${kept.length} were kept`)
  const store = await openIn(directory)
  t.teardown(() => store.close())
  t.strictSame(await listIds(store, UA), idsOf(...kept))
  t.strictSame(await store.remove(UA, idsOf(...kept), 'acknowledged'), idsOf(...kept))
})

t.test('concurrent writers share commits', async (t) => {
  let commits = 0
  const freeBytes = async () => {
    commits += 1
    return LMDB_DEFAULTS.diskReserveBytes
  }
  const store = await openIn(t.testdir(), { freeBytes })
  t.teardown(() => store.close())
  await Promise.all(numbers(1, 1000).map((number) => store.put(UA, messageOf(number), 0)))
  t.ok(commits <= 10, `1,000 puts took ${commits} commits`)
  await store.put(UA, messageOf(1001), 0)
  t.ok(commits >= 2, 'a commit is counted')
})

t.test('writes that wait are limited', async (t) => {
  const store = await openIn(t.testdir(), { waitingWritesMax: 10 })
  t.teardown(() => store.close())
  await store.register(UA, CHANNEL, digestOf(1), NOW_MS)
  const puts = await Promise.allSettled(numbers(1, 15).map((number) => store.put(UA, messageOf(number), 0)))
  const refused = puts.flatMap((put) => (put.status === 'rejected' ? [put.reason] : []))
  t.match(refused, Array(5).fill({ name: 'PushError', code: 'storeDown' }))
  t.strictSame(await listIds(store, UA), idsOf(...numbers(1, 10)), 'what was refused was not done')
  await store.put(UA, messageOf(16), 0)
})

function openIn(directory: string, options: Partial<LmdbStoreOptions> = {}): Promise<Store> {
  return openLmdbStore({ ...LMDB_DEFAULTS, directory, limits: LIMITS, ...options })
}

function startWriter(t: Test, directory: string, first: number): ChildProcess {
  const child = fork(fixturePath('writer'), [directory, String(first)], { execArgv: [] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Kills the writer at its so-manieth report; gives all its reports. */
async function reportsUntilKilled(child: ChildProcess, reports: number): Promise<number[]> {
  const numbers: number[] = []
  child.on('message', (number) => {
    numbers.push(Number(number))
    if (numbers.length === reports) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return numbers
}

function fixturePath(name: string): string {
  return new URL(`./fixtures/${name}.js`, import.meta.url).pathname
}
