import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Rendezvous } from './rendezvous.ts'
import { seededRandom } from './seeded-random.ts'

const named = (names: readonly string[]) => names.map((name) => ({ name }))
const of = (names: readonly string[]) => new Rendezvous(named(names))

const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 2, maxLength: 12 })
const addresses = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => addressOf(bytes))

function addressOf(bytes: Uint8Array): string {
  return `push.ua.${Buffer.from(bytes).toString('hex')}`
}

function manyAddresses(count: number): readonly string[] {
  const random = seededRandom(7)
  return Array.from({ length: count }, () => addressOf(random.bytes(16)))
}

t.test('what belongs to whom never changes: every process of every version agrees', async (t) => {
  const cells = of(['east', 'west', 'north', 'south', 'main', 'a', 'b', 'c-2', 'z9', 'cell-10'])
  const uniform = [...'0123456789abcdef'].map((digit) => cells.of(`push.ua.${digit.repeat(32)}`).name)
  t.same(uniform, [
    ...['cell-10', 'cell-10', 'main', 'west', 'cell-10', 'z9', 'north', 'cell-10'],
    ...['east', 'north', 'cell-10', 'main', 'a', 'cell-10', 'a', 'east'],
  ])
  t.equal(cells.of('').name, 'b')
  t.equal(cells.of('push.nodes').name, 'z9')
  t.equal(cells.of('é€😀').name, 'west')
  t.equal(cells.of('push.ua.0123456789abcdef0123456789abcdef').name, 'c-2')
  t.equal(cells.of('push.ua.f47ac10b58cc4372a5670e02b2c3d479').name, 'a')
})

t.test('the order in which members are named does not matter', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(names, addresses, (all, address) => {
        assert.equal(of(all).of(address).name, of(all.toReversed()).of(address).name)
      }),
    ),
  )
})

t.test('one that is added takes addresses only to itself; one removed gives away only its own', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(names, fc.array(addresses, { maxLength: 50 }), (all, some) => {
        const [added, ...before] = all
        for (const address of some) {
          const [old, now] = [of(before).of(address).name, of(all).of(address).name]
          assert(now === old || now === added)
        }
      }),
    ),
  )
})

t.test(
  'each has its share, also of addresses that differ little, and so has one that is added',
  async (t) => {
    const sequence = Array.from({ length: 20_000 }, (_, at) => `push.ua.${at.toString(16).padStart(32, '0')}`)
    for (const some of [manyAddresses(20_000), sequence]) {
      for (const count of [2, 3, 10]) {
        const all = Array.from({ length: count }, (_, index) => `cell-${index}`)
        const shares = new Map<string, number>()
        for (const address of some) {
          const { name } = of(all).of(address)
          shares.set(name, (shares.get(name) ?? 0) + 1)
        }
        const expected = some.length / count
        let chiSquare = 0
        for (const name of all) chiSquare += ((shares.get(name) ?? 0) - expected) ** 2 / expected
        // Beyond this once in 10 million for any of these counts, if the choice were by chance.
        t.ok(chiSquare < 60, `${count} members: chi-square ${chiSquare.toFixed(1)}`)
        const moved = some.filter((address) => of([...all, 'new']).of(address).name === 'new')
        t.ok(Math.abs(moved.length / some.length - 1 / (count + 1)) < 0.02, `${moved.length} moved`)
      }
    }
  },
)

t.test('a single member has all, none is refused', async (t) => {
  t.equal(of(['only']).of('anything').name, 'only')
  t.throws(() => of([]), { name: 'RangeError' })
})
