import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import { NatsBus } from '../../cluster/nats-bus.ts'

/** The bus of Pushgrid's processes with messages that are bytes already, to measure it and NATS alone. */
export type PlainBus = NatsBus<Uint8Array, Uint8Array>

/** What becomes of its connection. */
export interface PlainBusEvents {
  restored(): void
  lost(): void
}

/** Opens a bus on servers (`host:port`). It is connected when it says `restored`. */
export function openPlainBus(servers: readonly string[], events: PlainBusEvents): PlainBus {
  const same = (bytes: Uint8Array) => bytes
  return new NatsBus(
    {
      nats: { servers, name: 'bench', credentials: { kind: 'none' } },
      pendingAsksMax: 10_000,
      pendingBytesMax: 32_000_000,
      unconfirmedBytesMax: 8_000_000,
      repeated: {
        isRepeated: () => false,
        max: 1,
        everyone: { address: 'everyone', message: new Uint8Array(1) },
      },
    },
    {
      codec: { encode: same, decode: same, encodeReply: same, decodeReply: same },
      clock: systemClock,
      random: createSystemRandom(),
      events: { ...events, failed: (what, error) => console.error(what, error) },
    },
  )
}

/** Opens one and waits until it is connected. */
export async function connectPlainBus(server: string): Promise<PlainBus> {
  let bus: PlainBus | undefined
  await new Promise<void>((resolve) => {
    bus = openPlainBus([server], { restored: resolve, lost: () => {} })
  })
  if (bus === undefined) throw new Error('there is no bus')
  return bus
}
