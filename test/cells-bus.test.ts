import t, { type Test } from 'tap'
import { type BusUnderTest, busContract, type Note } from '../cluster/bus.contract.ts'
import type { Cell, CellMap } from '../cluster/cells.ts'
import { CellsBus } from '../cluster/cells-bus.ts'
import { systemClock } from '../cluster/clock.ts'
import { type NatsServer, startNatsServer } from './support/nats-server.ts'
import { TestBus } from './support/test-bus.ts'

const PATIENT_MS = 60_000

const [east, west, north] = await Promise.all([startNatsServer(), startNatsServer(), startNatsServer()])
const servers: Readonly<Record<string, NatsServer>> = { east, west, north }
t.teardown(() => Promise.all([east.stop(), west.stop(), north.stop()]))

const cell = (name: string, change: Cell<string>['change'] = 'none') => ({ name, change, config: name })

/** A process on these cells, connected to all. */
async function connected(map: CellMap<string>) {
  let settled: () => void = () => {}
  const bus = new CellsBus<Note, Note, string>(
    { map, isFixed: false, isEverywhere: (address) => address === 'everywhere', lingerMs: 100 },
    {
      clock: systemClock,
      open: ({ config }, events) => {
        const server = servers[config]
        if (server === undefined) throw new Error(`there is no server ${config}`)
        return new TestBus([server], {}, events)
      },
      events: { restored: () => {}, lost: () => {}, changed: () => {}, settled: () => settled() },
    },
  )
  await Promise.all(bus.firstConnected)
  const change = async (next: CellMap<string>) => {
    const done = new Promise<void>((resolve) => (settled = resolve))
    bus.change(next)
    await done
  }
  return { bus, change }
}

async function opened(t: Test, map: CellMap<string>) {
  const process = await connected(map)
  t.teardown(() => process.bus.close())
  return process
}

for (const map of [
  [cell('east')],
  [cell('east'), cell('west')],
  [cell('east'), cell('west', 'removing'), cell('north', 'adding')],
]) {
  const name = `CellsBus of NatsBus (${map.map(({ name, change }) => `${name} ${change}`)})`
  busContract(name, async (): Promise<BusUnderTest> => {
    const { bus } = await connected(map)
    return { bus, elapse: (ms) => new Promise((resolve) => void systemClock.after(ms, resolve)) }
  })
}

t.test('thousands of listenings move to another cell, and no ask ever finds nobody', async (t) => {
  const before = [cell('east'), cell('west')]
  const between = [...before, cell('north', 'adding')]
  const after = [...before, cell('north')]
  const [node, endpoint] = [await opened(t, before), await opened(t, before)]
  const addresses = Array.from({ length: 3000 }, (_, number) => `ua.${number}`)
  const listenings = addresses.map((address) =>
    node.bus.listen(address, ({ text }, respond) => respond?.({ text })),
  )
  await Promise.all(listenings.map((listening) => listening.flush()))
  let asked = 0
  let changing = true
  const underWay = new Set<Promise<unknown>>()
  const ask = (address: string, text: string) => {
    const asking = endpoint.bus.ask(address, { text }, PATIENT_MS)
    underWay.add(asking)
    return asking.finally(() => underWay.delete(asking))
  }
  const asking = async () => {
    while (changing) {
      const address = addresses[(asked * 7) % addresses.length] ?? ''
      const text = `${asked++}`
      const reply = await ask(address, text)
      if (reply === 'absent' || reply === 'timeout' || reply.text !== text) t.fail(`${address}: ${reply}`)
    }
  }
  const all = Promise.all([asking(), asking(), asking(), asking()])
  for (const [process, map] of [
    [node, between],
    [endpoint, between],
    [node, after],
    [endpoint, after],
  ] as const) {
    await process.change(map)
    // Asked by the former map, it may be on its way for as long as a server stands still. No operator is as quick as that.
    await Promise.all([...underWay])
  }
  changing = false
  await all
  t.ok(asked > 0, `${asked} asked meanwhile`)
})
