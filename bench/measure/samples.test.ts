import t from 'tap'
import { cpuAt, Samples, sampleAt } from './samples.ts'

const sample = (atS: number) => ({ atS, cpuS: atS * 2, rssBytes: atS })

t.test('CPU time between samples is on a straight line', async (t) => {
  const samples = [sample(1), sample(3)]
  t.equal(cpuAt(samples, 2), 4)
  t.equal(cpuAt(samples, 0), 2)
  t.equal(cpuAt(samples, 9), 6)
  t.equal(cpuAt([], 9), 0)
  t.equal(sampleAt(samples, 2.9)?.atS, 1)
  t.equal(sampleAt(samples, 0)?.atS, 1)
})

t.test('a run of days keeps some samples of all of it', async (t) => {
  const samples = new Samples()
  for (let second = 0; second < 100_000; second += 1) samples.add(sample(second))
  t.ok(samples.all.length > 500 && samples.all.length <= 2000)
  t.equal(samples.all[0]?.atS, 0)
  t.ok((samples.all.at(-1)?.atS ?? 0) > 99_000)
  t.equal(cpuAt(samples.all, 50_000), 100_000)
})
