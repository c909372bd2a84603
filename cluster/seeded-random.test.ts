import t from 'tap'
import { seededRandom } from './seeded-random.ts'

t.test('the same seed gives the same sequence, another seed another one', (t) => {
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    return [Buffer.from(random.bytes(10)).toString('hex'), random.fraction(), random.fraction()]
  }
  t.same(draw(1), draw(1))
  t.notSame(draw(1), draw(2))
  t.notSame(draw(0), draw(2 ** 31))
  t.end()
})

t.test('fractions fill [0, 1) evenly, also over consecutive seeds', (t) => {
  const tenths = new Array<number>(10).fill(0)
  for (let seed = 0; seed < 1000; seed++) {
    const random = seededRandom(seed)
    for (let draw = 0; draw < 20; draw++) {
      const fraction = random.fraction()
      if (fraction < 0 || fraction >= 1) t.fail(`${fraction} is outside of [0, 1)`)
      tenths[Math.floor(fraction * 10)] = (tenths[Math.floor(fraction * 10)] ?? 0) + 1
    }
  }
  for (const count of tenths) t.ok(count > 1850 && count < 2150, `${count} of 2000 expected`)
  t.end()
})

t.test('bytes are drawn without repeating', (t) => {
  const random = seededRandom(7)
  const drawn = new Set<string>()
  for (let draw = 0; draw < 1000; draw++) drawn.add(Buffer.from(random.bytes(16)).toString('hex'))
  t.equal(drawn.size, 1000)
  t.equal(random.bytes(0).length, 0)
  t.equal(random.bytes(5).length, 5)
  t.end()
})
