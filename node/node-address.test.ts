import t from 'tap'
import type { Listener } from '../cluster/bus.ts'
import { type AgentReply, type AgentRequest, NODES_ADDRESS } from '../push/agent-requests.ts'
import { listenAsNode } from './node-address.ts'

/** @param flushed when others know of the listener */
function world(flushed: Promise<void>) {
  const told: string[] = []
  const listeners: Listener<AgentRequest, AgentReply>[] = []
  const bus = {
    listen(address: string, listener: Listener<AgentRequest, AgentReply>) {
      if (address === NODES_ADDRESS) listeners.push(listener)
      return { flush: () => flushed, stop: () => told.push('stopped') }
    },
  }
  const listening = listenAsNode(bus, {
    agents: { recheckSoon: () => told.push('recheck') },
    broadcasts: { read: async () => void told.push('read') },
    polled: () => told.push('polled'),
  })
  const tell = (request: AgentRequest) => {
    for (const listener of listeners) listener(request, undefined)
  }
  return { told, listening, tell }
}

t.test('what is told to all nodes goes to whom it concerns', async (t) => {
  const { told, listening, tell } = world(new Promise(() => {}))
  tell({ kind: 'check' })
  tell({ kind: 'broadcasts', hint: 'changed' })
  tell({ kind: 'broadcasts', hint: 'polled' })
  listening.stop()
  t.same(told, ['recheck', 'read', 'polled', 'stopped'])
})

t.test('broadcasts are read again when the others know of the node, or may know of it', async (t) => {
  const { told } = world(Promise.resolve())
  t.same(told, [], 'not before')
  await Promise.resolve()
  t.same(told, ['read'])

  const gone = Promise.reject(new Error('the bus is gone'))
  const other = world(gone)
  await t.rejects(gone)
  t.same(other.told, ['read'])
})
