import t from 'tap'
import { mayRunAgain } from './second-run.ts'

const unsteady = {
  file: 'dist/test/console.test.js',
  failures: ['the plots are as wide as the page', 'narrow'],
}

t.test('of processes and browsers: a few', async (t) => {
  t.ok(mayRunAgain([unsteady]))
  t.ok(mayRunAgain([unsteady, { file: 'dist/test/system/kill.test.js', failures: [] }, unsteady]))
  t.notOk(mayRunAgain([unsteady, unsteady, unsteady, unsteady]), 'many are no accident')
})

t.test('never what is the same each time', async (t) => {
  for (const file of [
    'dist/push/ids.test.js',
    'dist/test/simulation/seeds.test.js',
    'dist/test/support/ledger.test.js',
    'timeout!',
  ]) {
    t.notOk(mayRunAgain([{ file, failures: ['anything'] }]), file)
    t.notOk(mayRunAgain([unsteady, { file, failures: ['anything'] }]), `${file}, beside another`)
  }
})

t.test('never what broke a promise, or did not end', async (t) => {
  const file = 'dist/test/cluster.test.js'
  for (const name of [
    'every accepted message arrived',
    'every accepted message that one was asked for has a receipt',
    'timeout!',
  ]) {
    t.notOk(mayRunAgain([{ file, failures: ['something', name, 'its test'] }]), name)
  }
})
