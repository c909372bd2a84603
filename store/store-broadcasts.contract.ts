import {
  type Broadcast,
  type BroadcastId,
  type BroadcastVersion,
  parseBroadcastId,
  parseBroadcastVersion,
} from '../push/broadcast.ts'
import type { WithStore } from './fixtures/samples.ts'
import type { Store } from './store.ts'

const MAX = 100
const [A, B] = ['remote-settings/monitor_changes', 'a/b'].map(parseBroadcastId) as [BroadcastId, BroadcastId]
const [V1, V2, V3] = ['"1"', 'zwölf 🦊', 'three'].map(parseBroadcastVersion) as [
  BroadcastVersion,
  BroadcastVersion,
  BroadcastVersion,
]

/** Broadcasts: set by the operator or as a followed server has them, listed, dropped. */
export function broadcastsContract(test: WithStore): void {
  test('a broadcast is made, changed, and dropped', async (t, store) => {
    t.strictSame(await listed(store), [])
    t.equal(await store.putBroadcast(A, V1, MAX), 'created')
    t.equal(await store.putBroadcast(A, V1, MAX), 'unchanged')
    t.equal(await store.putBroadcast(B, V3, MAX), 'created')
    t.equal(await store.putBroadcast(A, V2, MAX), 'changed')
    t.strictSame(await listed(store), [
      { id: B, version: V3, source: 'operator' },
      { id: A, version: V2, source: 'operator' },
    ])
    t.equal(await store.dropBroadcast(A), true)
    t.equal(await store.dropBroadcast(A), false)
    t.strictSame(await listed(store), [{ id: B, version: V3, source: 'operator' }])
    t.equal(await store.putBroadcast(A, V1, MAX), 'created', 'it may come again')
  })

  test('there are no more broadcasts than there may be', async (t, store) => {
    t.equal(await store.putBroadcast(A, V1, 1), 'created')
    t.equal(await store.putBroadcast(B, V1, 1), 'full')
    t.equal(await store.putBroadcast(A, V2, 1), 'changed', 'what is there may change')
    t.strictSame(await listed(store), [{ id: A, version: V2, source: 'operator' }])
  })

  test('a followed broadcast changes only from where it was seen', async (t, store) => {
    t.equal(await store.followBroadcast(A, V2, V1), false, 'it was never there')
    t.strictSame(await listed(store), [])
    t.equal(await store.followBroadcast(A, V1, undefined), true)
    t.equal(await store.followBroadcast(A, V3, undefined), false, 'somebody made it meanwhile')
    t.equal(await store.followBroadcast(A, V2, V1), true)
    t.equal(await store.followBroadcast(A, V3, V1), false, 'somebody changed it meanwhile')
    t.strictSame(await listed(store), [{ id: A, version: V2, source: 'megaphone' }])
  })

  test('a broadcast of the operator is not followed until it is dropped', async (t, store) => {
    await store.followBroadcast(A, V1, undefined)
    t.equal(await store.putBroadcast(A, V1, MAX), 'changed', 'taken over with the same version')
    t.equal(await store.followBroadcast(A, V2, V1), false)
    t.equal(await store.followBroadcast(A, V2, undefined), false)
    t.strictSame(await listed(store), [{ id: A, version: V1, source: 'operator' }])
    await store.dropBroadcast(A)
    t.equal(await store.followBroadcast(A, V2, undefined), true)
    t.strictSame(await listed(store), [{ id: A, version: V2, source: 'megaphone' }])
  })

  test('of many at once one makes it, and all find one version in the end', async (t, store) => {
    const versions = Array.from({ length: 20 }, (_, number) => `version ${number}` as BroadcastVersion)
    await Promise.all(versions.map((version) => store.putBroadcast(A, version, MAX)))
    const [only, ...more] = await listed(store)
    t.ok(only !== undefined && versions.includes(only.version))
    t.strictSame(more, [])
    const from = only?.version
    const set = await Promise.all([1, 2, 3].map(() => store.followBroadcast(B, V1, undefined)))
    t.equal(set.filter((done) => done).length, 1, 'a followed one is made once')
    t.strictSame(await listed(store), [
      { id: B, version: V1, source: 'megaphone' },
      { id: A, version: from, source: 'operator' },
    ])
  })
}

async function listed(store: Store): Promise<Broadcast[]> {
  return [...(await store.listBroadcasts())].sort((one, other) => (one.id < other.id ? -1 : 1))
}
