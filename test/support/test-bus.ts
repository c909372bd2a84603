import type { Test } from 'tap'
import type { Note } from '../../cluster/bus.contract.ts'
import { createSystemRandom, systemClock } from '../../cluster/clock.ts'
import type { Codec } from '../../cluster/codec.ts'
import { NatsBus, type NatsBusFailure, type NatsBusOptions } from '../../cluster/nats-bus.ts'
import type { CellEvents } from '../../cluster/open-cell.ts'
import type { NatsServer } from './nats-server.ts'

/** A note as its text in UTF-8; a text that starts with `?` is not understood. */
export const noteCodec: Codec<Note, Note> = {
  encode: ({ text }) => Buffer.from(`1${text}`),
  decode: decodeNote,
  encodeReply: ({ text }) => Buffer.from(`1${text}`),
  decodeReply: decodeNote,
}

function decodeNote(bytes: Uint8Array): Note {
  const text = Buffer.from(bytes).toString()
  if (text.startsWith('1?')) throw new RangeError(`a note that is not understood: ${text.slice(2)}`)
  return { text: text.slice(1) }
}

/** Where overflowing hints go in these tests. */
export const EVERYONE = { address: 'everyone', message: { text: 'check all' } }

/** Something a bus reported. */
export interface Failure {
  readonly what: NatsBusFailure
  readonly error: unknown
  readonly address: string | undefined
}

/** A bus over real servers, with what it reports. */
export class TestBus extends NatsBus<Note, Note> {
  readonly failures: Failure[]
  readonly #moments: Moments

  /** @param cell told what becomes of the connection, too */
  constructor(
    servers: readonly Pick<NatsServer, 'address'>[],
    options: Partial<NatsBusOptions<Note>>,
    cell?: CellEvents,
  ) {
    const failures: Failure[] = []
    const moments = new Moments()
    super(
      {
        nats: {
          servers: servers.map((server) => server.address),
          name: 'test',
          credentials: { kind: 'none' },
        },
        pendingAsksMax: 10_000,
        pendingBytesMax: 16_000_000,
        unconfirmedBytesMax: 4_000_000,
        repeated: { isRepeated: ({ text }) => text.startsWith('hint'), max: 1000, everyone: EVERYONE },
        ...options,
      },
      {
        codec: noteCodec,
        clock: systemClock,
        random: createSystemRandom(),
        events: {
          restored: () => {
            cell?.restored()
            moments.happened('restored')
          },
          lost: () => {
            cell?.lost()
            moments.happened('lost')
          },
          failed: (what, error, address) => {
            failures.push({ what, error, address })
            moments.happened('failed')
          },
        },
      },
    )
    this.failures = failures
    this.#moments = moments
  }

  /** Resolves when it is connected, or connected again, and all listening is known to the server. */
  restored(): Promise<void> {
    return this.#moments.next('restored')
  }

  /** Resolves when it next finds its connection lost. */
  lost(): Promise<void> {
    return this.#moments.next('lost')
  }

  /** Resolves when it next reports a failure. */
  failed(): Promise<void> {
    return this.#moments.next('failed')
  }
}

/** A bus that is connected; it is closed at the end of the test. */
export async function connectedBus(
  t: Test,
  servers: readonly Pick<NatsServer, 'address'>[],
  options: Partial<NatsBusOptions<Note>> = {},
): Promise<TestBus> {
  const bus = new TestBus(servers, options)
  t.teardown(() => bus.close())
  await bus.restored()
  return bus
}

type Moment = 'restored' | 'lost' | 'failed'

/** Lets tests wait for what a bus reports. */
class Moments {
  readonly #waiting = new Map<Moment, (() => void)[]>()

  next(moment: Moment): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(moment, [...(this.#waiting.get(moment) ?? []), resolve])
    })
  }

  happened(moment: Moment): void {
    const waiting = this.#waiting.get(moment) ?? []
    this.#waiting.delete(moment)
    for (const resolve of waiting) resolve()
  }
}
