import t from 'tap'
import { fit, readLimits } from './limits.ts'

const limits = { openFiles: 20_000, sourcePorts: 28_232 }

t.test('what fits has no problem', async (t) => {
  t.same(fit({ connections: 10_000, senders: 64, loopback: true }, limits), {
    sourceAddresses: [],
    problems: [],
  })
})

t.test('more connections than files may be open: says how many, and what to do', async (t) => {
  const { problems } = fit({ connections: 30_000, senders: 64, loopback: true }, limits)
  t.match(problems, [/30000 connections need 30164 open files.*may have 20000.*ulimit -n 30164.*--workers/])
})

t.test('more connections than source ports: several addresses on loopback, advice elsewhere', async (t) => {
  const many = { openFiles: 1e6, sourcePorts: 28_232 }
  const { sourceAddresses } = fit({ connections: 60_000, senders: 64, loopback: true }, many)
  t.same(sourceAddresses, ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
  const remote = fit({ connections: 60_000, senders: 64, loopback: false }, many)
  t.same(remote.sourceAddresses, [])
  t.match(remote.problems, [/need 3 source addresses/])
})

t.test('this machine has limits', async (t) => {
  const { openFiles, sourcePorts } = readLimits()
  t.ok(openFiles > 0)
  t.ok(sourcePorts > 1000 && sourcePorts < 65_536)
})
