import t from 'tap'
import { PushError } from '../push/errors.ts'
import { FailStop } from './fail-stop.ts'

const PANIC = new Error('MDB_PANIC: Update of meta page failed or environment had fatal error')

t.test('an error of one read leaves the others alone', async (t) => {
  const failStop = new FailStop({ resetReadTxn: () => undefined, doesExist: () => false })
  t.throws(() => failStop.read(failing(new Error('damaged'))), {
    code: 'storeDown',
    cause: { message: 'damaged' },
  })
  failStop.probe()
  failStop.check()
  t.equal(
    failStop.read(() => 1),
    1,
  )
})

t.test('after a panic nothing is read any more', async (t) => {
  const failStop = new FailStop({ resetReadTxn: () => undefined, doesExist: () => false })
  t.throws(() => failStop.read(failing(PANIC)), { code: 'storeDown', cause: PANIC })
  t.throws(() => failStop.check(), PushError)
  t.throws(() => failStop.read(() => []), { code: 'storeDown' })
})

t.test('a probe finds a panic that no read has met', async (t) => {
  let fresh = false
  const resetReadTxn = () => {
    fresh = true
  }
  const failStop = new FailStop({ resetReadTxn, doesExist: () => (fresh ? failing(PANIC)() : false) })
  failStop.check()
  failStop.probe()
  t.throws(() => failStop.check(), { code: 'storeDown', cause: PANIC })
})

function failing(error: Error): () => never {
  return () => {
    throw error
  }
}
