import { hostname } from 'node:os'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { createSystemRandom } from '../../cluster/clock.ts'
import { nowUs } from '../measure/recorder.ts'
import { ALIVE_EVERY_MS, type FromWorker, GONE_AFTER_MS, type ToWorker } from './messages.ts'
import { connectNats } from './nats-connection.ts'
import { type Offer, subjects, type Taken } from './nats-subjects.ts'
import { cut } from './pieces.ts'
import { Worker } from './worker.ts'

/** What comes on a worker's subject beside what any worker is told. */
type FromCoordinator = ToWorker | { readonly type: 'take'; readonly run: string } | { readonly type: 'alive' }

/** A piece that was not confirmed in that time is sent again, so often. */
const PIECE_TIMEOUT_MS = 3000
const PIECE_ATTEMPTS = 5
/** Well below the 1 MB of NATS' default, so that nobody else's messages wait long behind it. */
const PIECE_BYTES = 256 * 1024
const US_PER_MS = 1000

/** Runs of `pushgrid bench` on other machines take part of their load from here; one at a time. */
export class NatsWorker {
  readonly #nats: NatsConnection
  readonly #offer: Offer
  readonly #log: (line: string) => void
  #busy: { readonly run: string; readonly worker: Worker; heardUs: number } | undefined

  private constructor(nats: NatsConnection, log: (line: string) => void) {
    this.#nats = nats
    this.#log = log
    const id = Buffer.from(createSystemRandom().bytes(6)).toString('hex')
    this.#offer = { id, name: `${hostname()}, process ${process.pid}` }
    nats.subscribe(subjects.call, { callback: (_, message) => this.#called(message) })
    nats.subscribe(subjects.worker(id), { callback: (_, message) => this.#told(message) })
  }

  /** @param log takes a line whenever there is news @throws Error of one line */
  static async start(url: string, log: (line: string) => void): Promise<NatsWorker> {
    const worker = new NatsWorker(await connectNats(url, 'pushgrid bench worker', true), log)
    await worker.#nats.flush()
    log(`worker ${worker.#offer.id} waits for runs at ${worker.#nats.getServer()}`)
    return worker
  }

  /** Leaves a run that it takes part in, and ends. */
  async stop(): Promise<void> {
    this.#leave('this worker stops')
    await this.#nats.close()
  }

  #called(call: Msg): void {
    if (this.#busy === undefined) call.respond(JSON.stringify(this.#offer))
  }

  #told(message: Msg): void {
    const told = message.json<FromCoordinator>()
    if (this.#busy !== undefined) this.#busy.heardUs = nowUs()
    if (told.type === 'take') this.#take(told.run, message)
    else if (told.type === 'abandon') this.#leave('it is over, or was given up')
    else if (told.type !== 'alive') this.#busy?.worker.told(told)
  }

  #take(run: string, question: Msg): void {
    const taken: Taken = { taken: this.#busy === undefined }
    if (taken.taken) {
      const worker = new Worker((message) => void this.#say(run, message))
      this.#busy = { run, worker, heardUs: nowUs() }
      this.#watch(run)
      this.#log(`takes part in run ${run}`)
    }
    question.respond(JSON.stringify(taken))
  }

  /** Without its coordinator a run must not go on for ever. */
  #watch(run: string): void {
    const timer = setInterval(() => {
      if (this.#busy?.run !== run) clearInterval(timer)
      else if (nowUs() - this.#busy.heardUs > GONE_AFTER_MS * US_PER_MS)
        this.#leave('its coordinator is not heard any more')
    }, ALIVE_EVERY_MS)
  }

  #leave(why: string): void {
    if (this.#busy === undefined) return
    this.#log(`leaves run ${this.#busy.run}: ${why}`)
    this.#busy.worker.told({ type: 'abandon' })
    this.#busy = undefined
  }

  async #say(run: string, message: FromWorker): Promise<void> {
    if (this.#busy?.run !== run || this.#nats.isClosed()) return
    const text = JSON.stringify(message)
    if (message.type === 'done') await this.#sayInPieces(run, text)
    else this.#publish(subjects.run(run, this.#offer.id), Buffer.from(text))
  }

  /** A part that is too large for a server's limits is left out: it is of use only if this worker gets lost. */
  #publish(subject: string, bytes: Buffer): void {
    if (bytes.length <= (this.#nats.info?.max_payload ?? PIECE_BYTES)) this.#nats.publish(subject, bytes)
  }

  async #sayInPieces(run: string, text: string): Promise<void> {
    const bytesMax = Math.min(PIECE_BYTES, this.#nats.info?.max_payload ?? PIECE_BYTES)
    for (const piece of cut(text, bytesMax)) await this.#sayPiece(subjects.pieces(run, this.#offer.id), piece)
  }

  async #sayPiece(subject: string, piece: Uint8Array): Promise<void> {
    for (let attempt = 1; attempt <= PIECE_ATTEMPTS; attempt += 1) {
      try {
        await this.#nats.request(subject, piece, { timeout: PIECE_TIMEOUT_MS })
        return
      } catch (error) {
        this.#log(`a piece of the result was not confirmed: ${String(error)}`)
      }
    }
  }
}
