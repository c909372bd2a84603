import t from 'tap'
import {
  agentAddress,
  consoleAddress,
  isEverywhere,
  NODES_ADDRESS,
  PROCESSES_ADDRESS,
  receiptsAddress,
} from './agent-requests.ts'
import { receiptSubscriptionIdFromBytes, uaidFromBytes } from './ids.ts'

t.test('what is for all processes, or has to be heard from all, belongs to every cell', async (t) => {
  for (const address of [NODES_ADDRESS, PROCESSES_ADDRESS, consoleAddress('01'.repeat(8))])
    t.ok(isEverywhere(address), address)
  const bytes = new Uint8Array(16)
  for (const address of [
    agentAddress(uaidFromBytes(bytes)),
    receiptsAddress(receiptSubscriptionIdFromBytes(bytes)),
  ])
    t.notOk(isEverywhere(address), address)
})
