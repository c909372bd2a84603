import { EventEmitter } from 'node:events'
import t from 'tap'
import { settled } from '../cluster/simulated-clock.ts'
import { reloadOnSignal } from './reload.ts'

/** A process that starts when the test says so. */
function run() {
  const host = new EventEmitter()
  const reloads: string[] = []
  let start: (serving: { reload(): void }) => void = () => {}
  let fail: (error: Error) => void = () => {}
  const starting = new Promise<{ reload(): void }>((resolve, reject) => {
    start = resolve
    fail = reject
  })
  reloadOnSignal(starting, { host, log: { info: () => {} } })
  return {
    host,
    reloads,
    started: () => start({ reload: () => reloads.push('reload') }),
    fail: () => fail(new Error('no')),
  }
}

t.test('each SIGHUP reads again, one during the start when that is over', async (t) => {
  const { host, reloads, started } = run()
  host.emit('SIGHUP')
  await settled()
  t.same(reloads, [])
  started()
  await settled()
  t.same(reloads, ['reload'])
  host.emit('SIGHUP')
  await settled()
  t.same(reloads, ['reload', 'reload'])
})

t.test('a start that fails is not failed twice by it', async (t) => {
  const { host, reloads, fail } = run()
  host.emit('SIGHUP')
  fail()
  await settled()
  t.same(reloads, [])
})
