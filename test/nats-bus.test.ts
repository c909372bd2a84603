import t from 'tap'
import { type BusUnderTest, busContract } from '../cluster/bus.contract.ts'
import { systemClock } from '../cluster/clock.ts'
import { startNatsServer } from './support/nats-server.ts'
import { TestBus } from './support/test-bus.ts'

const server = await startNatsServer()
t.teardown(() => server.stop())

busContract('NatsBus', async (): Promise<BusUnderTest> => {
  const bus = new TestBus([server], {})
  await bus.restored()
  return { bus, elapse: (ms) => new Promise((resolve) => void systemClock.after(ms, resolve)) }
})
