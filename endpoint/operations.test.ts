import t from 'tap'
import { systemClock } from '../cluster/clock.ts'
import { createApp } from './app.ts'
import { StoreDouble } from './fixtures/store-double.ts'
import { addOperations } from './operations.ts'

t.test('health needs the store and the bus, and says which one is missing', async (t) => {
  const app = createApp({ info() {}, warn() {}, error() {} })
  let isReady = true
  const busHealth = () => ({ isReady })
  const store = new StoreDouble()
  addOperations(app, { version: '1.2.3', pingTimeoutMs: 1000, store, busHealth, clock: systemClock })
  const health = async () => (await app.inject('/health')).json()
  t.match(await health(), { status: 'OK', store: { status: 'OK' }, bus: { status: 'OK' } })
  isReady = false
  t.equal((await app.inject('/health')).statusCode, 503)
  t.match(await health(), { status: 'ERROR', store: { status: 'OK' }, bus: { status: 'ERROR' } })
  store.gate = () => Promise.reject(new Error('down'))
  isReady = true
  t.match(await health(), { status: 'ERROR', store: { status: 'ERROR' }, bus: { status: 'OK' } })
  t.equal((await app.inject('/__lbheartbeat__')).statusCode, 200)
})
