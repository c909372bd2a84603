import type { Msg, NatsConnection } from '@nats-io/transport-node'
import type { Crew, WorkerEars } from './crew.ts'
import { ALIVE_EVERY_MS, type FromWorker } from './messages.ts'
import { type Offer, subjects, type Taken } from './nats-subjects.ts'
import { Pieces } from './pieces.ts'

/** How long workers may take to answer a call; it is repeated meanwhile. */
const CALL_MS = 8000
const CALL_AGAIN_MS = 500
const TAKE_TIMEOUT_MS = 2000

/** Which workers are called. */
export interface Call {
  /** The name of the run. */
  readonly run: string
  readonly count: number
  /** Aborting it ends the call. */
  readonly signal: AbortSignal | undefined
}

/**
 * Takes on so many workers that wait on NATS, wherever they run.
 * @throws Error of one line when there are not enough, or the call was ended
 */
export async function joinRemote(crew: Crew, nats: NatsConnection, call: Call): Promise<void> {
  const taken = await take(nats, call)
  for (const offer of taken) joinOne(crew, nats, call.run, offer)
  await nats.flush()
}

async function take(nats: NatsConnection, { run, count, signal }: Call): Promise<readonly Offer[]> {
  const taken = new Map<string, Offer>()
  const inbox = subjects.run(run, 'offers')
  const offers = nats.subscribe(inbox)
  const call = () => nats.publish(subjects.call, undefined, { reply: inbox })
  const again = setInterval(call, CALL_AGAIN_MS)
  const end = () => offers.unsubscribe()
  const timer = setTimeout(end, CALL_MS)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  call()
  try {
    for await (const message of offers) {
      // The server's own answer, that nobody listens.
      if (message.data.length === 0) continue
      const offer = message.json<Offer>()
      if (!taken.has(offer.id) && (await accepts(nats, run, offer))) taken.set(offer.id, offer)
      if (taken.size === count) break
    }
  } finally {
    clearInterval(again)
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
  if (taken.size === count) return [...taken.values()]
  for (const { id } of taken.values()) nats.publish(subjects.worker(id), JSON.stringify({ type: 'abandon' }))
  if (signal?.aborted) throw new Error('ended before all workers were there: there is no result')
  throw new Error(
    `${taken.size} of ${count} workers are there: start others with pushgrid bench worker --nats URL`,
  )
}

async function accepts(nats: NatsConnection, run: string, { id }: Offer): Promise<boolean> {
  try {
    const question = JSON.stringify({ type: 'take', run })
    const answer = await nats.request(subjects.worker(id), question, { timeout: TAKE_TIMEOUT_MS })
    return answer.json<Taken>().taken
  } catch {
    return false
  }
}

function joinOne(crew: Crew, nats: NatsConnection, run: string, { id, name }: Offer): void {
  const say = (message: object) => {
    if (!nats.isClosed()) nats.publish(subjects.worker(id), JSON.stringify(message))
  }
  const alive = setInterval(() => say({ type: 'alive' }), ALIVE_EVERY_MS)
  const ears: WorkerEars = crew.join({
    name: `${name} (${id})`,
    say,
    close() {
      clearInterval(alive)
      say({ type: 'abandon' })
      said.unsubscribe()
      pieces.unsubscribe()
    },
  })
  const said = nats.subscribe(subjects.run(run, id), {
    callback: (_, message) => ears.heard(message.json<FromWorker>()),
  })
  const whole = new Pieces()
  const pieces = nats.subscribe(subjects.pieces(run, id), {
    callback: (_, message) => heardPiece(ears, whole, message),
  })
}

function heardPiece(ears: WorkerEars, whole: Pieces, message: Msg): void {
  const text = whole.add(message.data)
  message.respond()
  if (text !== undefined) ears.heard(JSON.parse(text))
}
