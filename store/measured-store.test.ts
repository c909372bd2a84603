import t from 'tap'
import { PushError } from '../push/errors.ts'
import { measuredStore, type StoreMeters } from './measured-store.ts'
import type { Store } from './store.ts'

/** A store with private state, of which a test needs no more than this. */
class Half {
  readonly #failure = new PushError('storeFull')

  async ping(): Promise<void> {}

  async touch(): Promise<void> {
    throw this.#failure
  }

  async dropAgent(): Promise<void> {
    throw new TypeError('a defect')
  }

  waiting(): number {
    return 7
  }
}

t.test('every operation is measured under its name, however it ends', async (t) => {
  const seen: string[] = []
  const meters: StoreMeters = {
    durationsOf: (operation) => ({
      observe: (seconds) => seen.push(`${operation} ${seconds >= 0 && seconds < 60}`),
    }),
    failed: (operation, failure) => seen.push(`${operation} ${failure}`),
  }
  const store = measuredStore(new Half() as unknown as Store, meters)
  await store.ping()
  await t.rejects(store.touch([], 0), { code: 'storeFull' })
  await t.rejects(store.dropAgent('' as never), TypeError)
  t.same(seen, ['ping true', 'touch storeFull', 'touch true', 'dropAgent defect', 'dropAgent true'])
  t.equal(store.waiting(), 7, 'what is no operation is handed on')
  t.equal(seen.length, 5)
})
