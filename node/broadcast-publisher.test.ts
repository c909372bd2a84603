import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import type { BroadcastId, BroadcastVersion } from '../push/broadcast.ts'
import { BroadcastPublisher, GROUP_MAX, type PublishTarget } from './broadcast-publisher.ts'

const [A, B] = ['a/a', 'b/b'] as BroadcastId[] as [BroadcastId, BroadcastId]
/** What the turns of a publisher may send. */
const TURN_MAX = 96

/** Groups that note what they were sent, and in which turn of the event loop. */
class Groups implements PublishTarget {
  readonly sent: { turn: number; group: number; id: BroadcastId; version: string }[] = []
  groups: number
  subscribers = GROUP_MAX
  turn = 0

  constructor(groups: number) {
    this.groups = groups
  }

  publish(group: number, id: BroadcastId, text: string): number {
    const { broadcasts } = JSON.parse(text)
    this.sent.push({ turn: this.turn, group, id, version: broadcasts[id] })
    return this.subscribers
  }
}

function world(groups: number) {
  const clock = new SimulatedClock()
  const target = new Groups(groups)
  const versions = new Map([
    [A, '1'],
    [B, '1'],
  ])
  const versionOf = (id: BroadcastId) => versions.get(id) as BroadcastVersion | undefined
  const measured: number[] = []
  const meter = { observe: (seconds: number) => void measured.push(seconds) }
  const publisher = new BroadcastPublisher({ target, clock: clock.process(0), versionOf, meter })
  /** One turn of the event loop. */
  const turn = () => {
    target.turn += 1
    clock.step()
  }
  const turns = (count: number) => {
    for (let at = 0; at < count; at += 1) turn()
  }
  const last = (id: BroadcastId) =>
    Array.from({ length: target.groups }, (_, group) =>
      target.sent.findLast((one) => one.id === id && one.group === group),
    ).map((one) => one?.version)
  return { target, versions, publisher, measured, turn, turns, last }
}

t.test('all groups get it, no more of them in a turn than it may send to', async (t) => {
  const { target, publisher, turns, last } = world(100)
  publisher.changed(A)
  t.equal(target.sent.length, 0, 'nothing within the turn that changed it')
  turns(100)
  t.equal(target.sent.length, 100)
  t.same(last(A), new Array(100).fill('1'))
  for (let turn = 0; turn <= 100; turn += 1) {
    const sent = target.sent.filter((one) => one.turn === turn).length
    t.ok(sent * GROUP_MAX <= TURN_MAX, `${sent} groups in turn ${turn}`)
  }
})

t.test('groups without subscribers take less of a turn, and not nothing', async (t) => {
  const { target, publisher, turn } = world(1000)
  target.subscribers = 0
  publisher.changed(A)
  turn()
  t.ok(target.sent.length > TURN_MAX / 2 && target.sent.length <= TURN_MAX, `${target.sent.length}`)
})

t.test('a group gets the version of the moment, and all have the last one in the end', async (t) => {
  const { target, versions, publisher, measured, turns, last } = world(30)
  publisher.changed(A)
  turns(3)
  versions.set(A, '2')
  publisher.changed(A)
  const before = target.sent.length
  turns(30)
  t.notOk(target.sent.slice(before).some(({ version }) => version === '1'))
  t.same(last(A), new Array(30).fill('2'))
  t.equal(target.sent.length, before + 30, 'none of them twice')
  t.equal(publisher.published, 2)
  t.equal(measured.length, 1, 'the first one never came to an end')
})

t.test('groups that are added to a round keep none of the others from their turn', async (t) => {
  const { target, versions, publisher, turn, turns, last } = world(30)
  publisher.changed(A)
  turn()
  versions.set(A, '2')
  publisher.changed(A)
  const before = target.sent.length
  target.groups += 1
  turns(30)
  const again = new Set(target.sent.slice(before).map(({ group }) => group))
  t.same(
    [...again].sort((one, other) => one - other),
    [...Array(30).keys()],
  )
  t.same(last(A).slice(0, 30), new Array(30).fill('2'))
})

t.test('changes on end reach everybody all the same', async (t) => {
  const { target, versions, publisher, turn } = world(50)
  for (let version = 1; version <= 40; version += 1) {
    versions.set(A, `${version}`)
    publisher.changed(A)
    turn()
  }
  t.equal(new Set(target.sent.map(({ group }) => group)).size, 50)
})

t.test('one broadcast after the other, in the order in which they changed', async (t) => {
  const { target, publisher, turns, last } = world(10)
  publisher.changed(B)
  publisher.changed(A)
  turns(10)
  t.same([...new Set(target.sent.map(({ id }) => id))], [B, A])
  t.same([...last(A), ...last(B)], new Array(20).fill('1'))
})

t.test('a broadcast that is dropped meanwhile is sent no further', async (t) => {
  const { target, versions, publisher, measured, turn, turns } = world(30)
  publisher.changed(A)
  publisher.changed(B)
  turn()
  const before = target.sent.length
  versions.delete(A)
  turns(20)
  t.notOk(target.sent.slice(before).some(({ id }) => id === A))
  t.equal(target.sent.filter(({ id }) => id === B).length, 30, 'others are')
  t.equal(measured.length, 1)
})

t.test('without user agents nothing happens, and after close neither', async (t) => {
  const { target, publisher, turns } = world(0)
  publisher.changed(A)
  turns(2)
  t.equal(target.sent.length, 0)
  const other = world(5)
  other.publisher.changed(A)
  other.publisher.close()
  await other.turns(3)
  t.equal(other.target.sent.length, 0)
})
