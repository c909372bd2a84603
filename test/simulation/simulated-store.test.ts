import { systemClock } from '../../cluster/clock.ts'
import { SimulatedClock } from '../../cluster/simulated-clock.ts'
import { storeContract } from '../../store/store.contract.ts'
import { Dice } from './dice.ts'
import { CALM } from './faults.ts'
import { Process } from './process.ts'
import { createStorage, type StorageDeps } from './simulated-store.ts'
import { SILENT } from './store-truth.ts'

// What the simulation takes for MongoDB must do for the real store logic what the real one does, by the same contract.
storeContract(
  'MongoStore on a simulated database',
  async (limits) => {
    const deps: StorageDeps = {
      kind: 'mongodb',
      time: systemClock,
      dice: new Dice(1, 'database'),
      faults: { ...CALM, storeDelayMs: [0, 0], replicationMs: [0, 0] },
      limits,
      waitingBytesMax: 1024 * 1024,
      observer: SILENT,
      onFault: () => {},
    }
    return createStorage(deps).storeOf(new Process('contract', new SimulatedClock(), 0), new Dice(1, 'store'))
  },
  false,
)
