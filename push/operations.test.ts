import t from 'tap'
import { SimulatedClock } from '../cluster/simulated-clock.ts'
import { MONITORING } from './fixtures/monitoring.ts'
import { Operations, type OperationsDeps } from './operations.ts'

const HEALTHY: OperationsDeps = {
  monitoring: MONITORING,
  ping: async () => {},
  pingTimeoutMs: 1000,
  busHealth: () => ({ isReady: true }),
  clock: new SimulatedClock(),
}

async function answer(deps: Partial<OperationsDeps>, path: Parameters<Operations['answer']>[0]) {
  const { status, text } = await new Operations({ ...HEALTHY, ...deps }).answer(path)
  return { status, ...JSON.parse(text) }
}

for (const path of ['/health', '/__heartbeat__'] as const) {
  t.test(`${path} needs the store and the bus, and says which one is missing`, async (t) => {
    t.strictSame(await answer({}, path), {
      status: 'OK',
      store: { status: 'OK' },
      bus: { status: 'OK' },
      version: '1.2.3',
    })
    const noBus = { busHealth: () => ({ isReady: false, reason: 'no NATS' }) }
    t.match(await new Operations({ ...HEALTHY, ...noBus }).answer(path), { status: 503 })
    t.match(await answer(noBus, path), {
      store: { status: 'OK' },
      bus: { status: 'ERROR', reason: 'no NATS' },
    })
    const noStore = { ping: () => Promise.reject(new Error('down')) }
    t.match(await new Operations({ ...HEALTHY, ...noStore }).answer(path), { status: 503 })
    t.match(await answer(noStore, path), { store: { status: 'ERROR' }, bus: { status: 'OK' } })
  })
}

t.test('a store that does not answer in time is not healthy', async (t) => {
  const clock = new SimulatedClock()
  const operations = new Operations({ ...HEALTHY, clock, ping: () => new Promise(() => {}) })
  const answered = operations.answer('/health')
  await clock.advanceSettled(1000)
  t.equal((await answered).status, 503)
})

t.test('/__lbheartbeat__ is of the process alone, until it drains', async (t) => {
  const deps = {
    busHealth: () => ({ isReady: false }),
    ping: () => Promise.reject(new Error('down')),
  }
  const operations = new Operations({ ...HEALTHY, ...deps })
  t.equal((await operations.answer('/__lbheartbeat__')).status, 200)
  operations.drain()
  t.equal((await operations.answer('/__lbheartbeat__')).status, 503)
})

t.test('/__version__ says what runs, with its commit where that is known', async (t) => {
  t.strictSame(await answer({}, '/__version__'), { status: 200, name: 'pushgrid', version: '1.2.3' })
  const software = { version: '2.0.0', commit: 'abc' }
  t.match(await answer({ monitoring: { ...MONITORING, software } }, '/__version__'), software)
})

t.test('/metrics hands on what is measured, or 503 when that can not be gathered', async (t) => {
  t.strictSame(await new Operations(HEALTHY).answer('/metrics'), {
    status: 200,
    type: 'text/plain',
    text: 'a_metric 1\n',
  })
  const metrics = () => Promise.reject(new Error('the parent does not answer'))
  t.equal((await answer({ monitoring: { ...MONITORING, metrics } }, '/metrics')).status, 'ERROR')
})
