import { storeContract } from '../../store/store.contract.ts'
import { MemoryStore } from './memory-store.ts'

// What the simulation takes for the truth must be a store by the same contract as the real ones.
storeContract('MemoryStore', async (limits) => new MemoryStore(limits))
