import t from 'tap'
import { seededRandom } from '../cluster/seeded-random.ts'
import { SimulatedClock, settled } from '../cluster/simulated-clock.ts'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { Broadcasts } from './broadcasts.ts'

const [A, B] = ['a/a', 'b/b'] as BroadcastId[] as [BroadcastId, BroadcastId]
const RECHECK_MS = 30_000
const TIMEOUT_MS = 2000

function world() {
  const clock = new SimulatedClock()
  const kept = new Map<BroadcastId, string>()
  const changed: string[] = []
  const warned: string[] = []
  const store = {
    reads: 0,
    read: async (): Promise<readonly Broadcast[]> => listed(),
    listBroadcasts() {
      this.reads += 1
      return this.read()
    },
  }
  const listed = () =>
    Array.from(kept, ([id, version]) => ({
      id,
      version: version as BroadcastVersion,
      source: 'operator' as const,
    }))
  const note = (_: unknown, line: string) => warned.push(line)
  const broadcasts = new Broadcasts(
    { broadcastRecheckMs: RECHECK_MS, putTimeoutMs: TIMEOUT_MS },
    { store, clock: clock.process(0), random: seededRandom(1), log: { info: note, warn: note, error: note } },
  )
  broadcasts.onChange = (id) => changed.push(`${id} ${broadcasts.versionOf(id)}`)
  return { clock, kept, changed, warned, store, listed, broadcasts }
}

t.test('each change is told once, at every reading', async (t) => {
  const { kept, changed, broadcasts } = world()
  kept.set(A, '1')
  await broadcasts.read()
  kept.set(B, '1').set(A, '2')
  await broadcasts.read()
  await broadcasts.read()
  t.same(changed, [`${A} 1`, `${A} 2`, `${B} 1`])
  kept.delete(A)
  await broadcasts.read()
  t.equal(broadcasts.versionOf(A), undefined, 'one that was dropped is known no more')
  kept.set(A, '1')
  await broadcasts.read()
  t.same(changed.slice(3), [`${A} 1`])
  broadcasts.close()
})

t.test('one reading at a time; a hint that comes meanwhile asks for one more', async (t) => {
  const { kept, store, listed, broadcasts } = world()
  let answer: (broadcasts: readonly Broadcast[]) => void = () => {}
  store.read = () => new Promise((resolve) => (answer = resolve))
  const reading = broadcasts.read()
  const hints = [broadcasts.read(), broadcasts.read()]
  await settled()
  t.equal(store.reads, 1)
  const old = listed()
  kept.set(A, '2')
  answer(old)
  await settled()
  t.equal(store.reads, 2, 'one for both hints')
  t.equal(broadcasts.versionOf(A), undefined)
  answer(listed())
  await Promise.all([reading, ...hints])
  t.equal(broadcasts.versionOf(A), '2')
  broadcasts.close()
})

t.test('without any hint they are read now and then', async (t) => {
  const { clock, kept, changed, store, broadcasts } = world()
  await broadcasts.read()
  kept.set(A, '1')
  await clock.advanceSettled(1.5 * RECHECK_MS)
  t.same(changed, [`${A} 1`])
  await clock.advanceSettled(15 * RECHECK_MS)
  t.ok(store.reads > 10 && store.reads < 35, `${store.reads} readings`)
  broadcasts.close()
  const { reads } = store
  await clock.advanceSettled(10 * RECHECK_MS)
  t.equal(store.reads, reads, 'no more after close')
})

t.test(
  'a store that is down or hangs leaves what is known, is warned of once, and is read again',
  async (t) => {
    const { clock, kept, changed, warned, store, listed, broadcasts } = world()
    kept.set(A, '1')
    await broadcasts.read()
    store.read = () => Promise.reject(new Error('down'))
    await broadcasts.read()
    let late: (broadcasts: readonly Broadcast[]) => void = () => {}
    store.read = () => new Promise((resolve) => (late = resolve))
    const hanging = broadcasts.read()
    await clock.advanceSettled(TIMEOUT_MS)
    await hanging
    t.equal(broadcasts.versionOf(A), '1')
    t.equal(warned.length, 1)
    const old = listed()
    kept.set(A, '2')
    store.read = async () => listed()
    await clock.advanceSettled(1.5 * RECHECK_MS)
    late(old)
    await settled()
    t.same(changed, [`${A} 1`, `${A} 2`], 'an answer that comes too late does not count')
    broadcasts.close()
  },
)

t.test('a user agent that knows another version is a reason to look, once a second', async (t) => {
  const { clock, kept, store, broadcasts } = world()
  kept.set(A, '1')
  await broadcasts.read()
  await clock.advanceSettled(1000)
  broadcasts.answer([[A, '1']], () => true)
  await settled()
  t.equal(store.reads, 1, 'not where there is no difference')
  for (let agent = 0; agent < 100; agent += 1) broadcasts.answer([[A, '2']], () => true)
  await settled()
  t.equal(store.reads, 2)
  broadcasts.close()
})

t.test('what is told to one that missed something is all that it is subscribed to', async (t) => {
  const { kept, broadcasts } = world()
  kept.set(A, '1')
  await broadcasts.read()
  t.same(broadcasts.current([A, B]), { values: [[A, '1']], errors: [] })
  broadcasts.close()
})
