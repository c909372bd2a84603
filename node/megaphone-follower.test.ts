import t from 'tap'
import { seededRandom } from '../cluster/seeded-random.ts'
import { SimulatedClock, settled } from '../cluster/simulated-clock.ts'
import type { Broadcast, BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import type { MegaphoneList } from './megaphone.ts'
import { MegaphoneFollower } from './megaphone-follower.ts'

const [A, B] = ['a/a', 'b/b'] as BroadcastId[] as [BroadcastId, BroadcastId]
const POLL_MS = 30_000
const OPTIONS = { megaphonePollMs: POLL_MS, broadcastsMax: 3, putTimeoutMs: 2000 }

/** A Megaphone server, a store, and any number of processes that follow the one into the other. */
function world(processes = 1) {
  const clock = new SimulatedClock()
  const remote = new Map<BroadcastId, string>()
  const kept = new Map<BroadcastId, Broadcast>()
  const told: string[] = []
  const warned: string[] = []
  const server = {
    polls: 0,
    /** What polls wait for before they are answered. */
    answer: async (list: MegaphoneList): Promise<MegaphoneList | undefined> => list,
  }
  const store = {
    isDown: false,
    async followBroadcast(id: BroadcastId, version: BroadcastVersion, former: BroadcastVersion | undefined) {
      if (store.isDown) throw new Error('down')
      const before = kept.get(id)
      if (before?.source === 'operator' || before?.version !== former) return false
      kept.set(id, { id, version, source: 'megaphone' })
      return true
    },
  }
  const note = (_: unknown, line: string) => warned.push(line)
  const log = { info: note, warn: note, error: note }
  const followers: MegaphoneFollower[] = []
  for (let process = 0; process < processes; process += 1) {
    const broadcasts = {
      all: undefined as ReadonlyMap<BroadcastId, Broadcast> | undefined,
      async read() {
        if (!store.isDown) broadcasts.all = new Map(kept)
      },
    }
    const bus = {
      tell(_address: string, request: { kind: string; hint?: string }) {
        told.push(String(request.hint))
        if (request.hint === 'polled') for (const follower of followers) follower.polled()
        return 'sent' as const
      },
    }
    const ask = () => {
      server.polls += 1
      const values = new Map(remote) as ReadonlyMap<BroadcastId, string> as MegaphoneList['values']
      return server.answer({ values, unfit: 0, etag: undefined })
    }
    const deps = { store, bus, broadcasts, clock: clock.process(0), random: seededRandom(process), log, ask }
    followers.push(new MegaphoneFollower(OPTIONS, deps))
  }
  const versions = () => Object.fromEntries([...kept].map(([id, { version }]) => [id, version]))
  const close = () => {
    for (const follower of followers) follower.close()
  }
  const [first] = followers as [MegaphoneFollower]
  return { clock, first, remote, kept, told, warned, server, store, versions, close }
}

t.test('what the server has is there within a second, and what changes within an interval', async (t) => {
  const { clock, remote, told, versions, close } = world()
  remote.set(A, '1')
  await clock.advanceSettled(1000)
  t.same(versions(), { [A]: '1' })
  t.same(told, ['changed', 'polled'])
  remote.set(A, '2').set(B, '1')
  await clock.advanceSettled(1.1 * POLL_MS)
  t.same(versions(), { [A]: '2', [B]: '1' })
  told.length = 0
  remote.delete(A)
  await clock.advanceSettled(1.1 * POLL_MS)
  t.same(versions(), { [A]: '2', [B]: '1' }, 'what is not named any more stays')
  t.same(told, ['polled'], 'nodes are told of changes only')
  close()
})

t.test(
  'polls are counted by what they came to, and every process knows the age of the last good one',
  async (t) => {
    const { clock, first, remote, server, close } = world()
    remote.set(A, '1')
    await clock.advanceSettled(1000)
    t.same([...first.polls], [['changed', 1]])
    await clock.advanceSettled(1.1 * POLL_MS)
    t.same(
      [...first.polls],
      [
        ['changed', 1],
        ['unchanged', 1],
      ],
    )
    server.answer = () => Promise.reject(new Error('down'))
    await clock.advanceSettled(60_000)
    t.ok((first.polls.get('failed') ?? 0) >= 1)
    t.ok(first.ageMs > 60_000 - 0.2 * POLL_MS && first.ageMs < 60_000 + 1.1 * POLL_MS, `${first.ageMs} ms`)
    first.polled()
    t.equal(first.ageMs, 0, 'another node has polled')
    close()
  },
)

t.test('many processes poll no more often than one', async (t) => {
  const { clock, server, close } = world(20)
  await clock.advanceSettled(1000)
  const { polls } = server
  t.ok(polls <= 2, `${polls} polls at the start`)
  await clock.advanceSettled(100 * POLL_MS)
  const more = server.polls - polls
  t.ok(more >= 100 / 1.1 - 1 && more <= 125, `${more} polls in 100 intervals`)
  close()
})

t.test('when the one that polls is gone another one does', async (t) => {
  const { clock, remote, versions, close } = world(2)
  await clock.advanceSettled(1000)
  remote.set(A, '1')
  await clock.advanceSettled(1.1 * POLL_MS)
  t.same(versions(), { [A]: '1' })
  close()
})

t.test('what the operator has set stays, until it is dropped', async (t) => {
  const { clock, remote, kept, versions, close } = world()
  kept.set(A, { id: A, version: 'mine' as BroadcastVersion, source: 'operator' })
  remote.set(A, '1')
  await clock.advanceSettled(3 * POLL_MS)
  t.same(versions(), { [A]: 'mine' })
  kept.delete(A)
  await clock.advanceSettled(1.1 * POLL_MS)
  t.same(versions(), { [A]: '1' })
  close()
})

t.test('an answer that has become old while it was on its way changes nothing', async (t) => {
  const { clock, remote, kept, server, versions, close } = world()
  let release = () => {}
  server.answer = (list) => new Promise((resolve) => (release = () => resolve(list)))
  remote.set(A, '1')
  await clock.advanceSettled(1000)
  t.equal(server.polls, 1)
  remote.set(A, '2')
  kept.set(A, { id: A, version: '2' as BroadcastVersion, source: 'megaphone' })
  server.answer = async (list) => list
  release()
  await settled()
  t.same(versions(), { [A]: '2' }, 'another process had the newer one')
  await clock.advanceSettled(1000)
  t.equal(server.polls, 2, 'it looks again soon')
  t.same(versions(), { [A]: '2' })
  close()
})

t.test('a server or a store that is down is tried again, less and less often, and said once', async (t) => {
  const { clock, remote, server, store, warned, versions, close } = world()
  server.answer = () => Promise.reject(new Error('down'))
  remote.set(A, '1')
  await clock.advanceSettled(10 * 60_000)
  const { polls } = server
  t.ok(polls >= 4 && polls <= 10, `${polls} polls in 10 minutes, not 20`)
  await clock.advanceSettled(60 * 60_000)
  t.ok(server.polls - polls >= 6, 'once in 10 minutes at least')
  t.same(warned, ['the Megaphone server could not be followed; trying again'])
  server.answer = async (list) => list
  store.isDown = true
  await clock.advanceSettled(10 * 60_000)
  t.same(versions(), {})
  store.isDown = false
  await clock.advanceSettled(10 * 60_000)
  t.same(versions(), { [A]: '1' })
  t.same(warned.slice(1), ['the Megaphone server is followed again'])
  const before = server.polls
  await clock.advanceSettled(5 * POLL_MS)
  t.ok(server.polls - before >= 4, 'as often as ever')
  close()
  const closed = server.polls
  await clock.advanceSettled(5 * POLL_MS)
  t.equal(server.polls, closed, 'none after close')
})

t.test('no more broadcasts than there may be; those there are go on changing', async (t) => {
  const { clock, remote, warned, versions, close } = world()
  for (const [index, id] of [A, B, 'c/c', 'd/d', 'e/e'].entries()) remote.set(id as BroadcastId, `${index}`)
  await clock.advanceSettled(1000)
  t.same(versions(), { [A]: '0', [B]: '1', 'c/c': '2' })
  remote.set(B, 'new')
  await clock.advanceSettled(3 * POLL_MS)
  t.same(versions(), { [A]: '0', [B]: 'new', 'c/c': '2' })
  t.same(warned, ['some broadcasts of the Megaphone server are left out'], 'said once')
  close()
})
