import path from 'node:path'
import t from 'tap'
import { CAN_BIND } from './support/bound-process.ts'
import { hasEnded } from './support/process-state.ts'
import { SayingProcess } from './support/saying-process.ts'

const PARENT = path.resolve(import.meta.dirname, 'support/process-parent.js')

t.test(
  'what a test has started ends with it, also when it is killed',
  { skip: !CAN_BIND && 'there is no setpriv of util-linux, so a test that is killed leaves servers behind' },
  async (t) => {
    const parent = new SayingProcess(t, PARENT, t.testdir())
    const [, ...pids] = (await parent.said(/^started \d+ \d+$/)).split(' ')
    t.equal(pids.length, 2)
    t.same(await Promise.all(pids.map(hasEnded)), [false, false])
    parent.child.kill('SIGKILL')
    for (const pid of pids) while (!(await hasEnded(pid)));
    t.pass('both have ended')
  },
)
