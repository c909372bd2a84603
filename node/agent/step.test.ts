import fc from 'fast-check'
import t from 'tap'
import type { ChannelId } from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import { isBelow, NO_MIN_URGENCY, URGENCIES, type Urgency } from '../../push/urgency.ts'
import type { Page, StoredAgent } from '../../store/store.ts'
import type { AgentEffect } from './effect.ts'
import {
  type Asker,
  CHANNEL,
  channelId,
  Driver,
  EARLIER_SESSION,
  KNOWN_UAID,
  message,
  RESTRICTED,
  UNRESTRICTED,
} from './fixtures/driver.ts'
import type { AgentInput } from './input.ts'

const LIMITS = { inFlightMax: 6, commandsMax: 4, askTimeoutMs: 2500 }
const PUT_TIMEOUT_MS = 2000
const OTHER = channelId(2)

/** What may happen next; numbers pick among what there is at that moment. */
type Happening =
  | {
      kind: 'deliver'
      topic: boolean
      urgency: Urgency
      ttlSeconds: number
      other: boolean
      restricted: boolean
      late: boolean
    }
  | { kind: 'store'; pick: number }
  | { kind: 'settle'; pick: number; done: boolean }
  | { kind: 'ack' | 'nack' | 'cancel'; pick: number }
  | { kind: 'advance'; ms: number }
  | { kind: 'socket'; takes: 'all' | 'buffered' | 'nothing' }
  | { kind: 'register' | 'unregister'; other: boolean }
  | { kind: 'urgency'; min: Urgency }
  | { kind: 'displace'; ageMs: number; flapping: boolean }
  | { kind: 'check' | 'hello' | 'ping' | 'drain' | 'close' | 'invalid' }

const pick = fc.nat({ max: 50 })
const common: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      topic: fc.boolean(),
      urgency: fc.constantFrom(...URGENCIES),
      ttlSeconds: fc.constantFrom(0, 1, 60, 3600),
      other: fc.boolean(),
      restricted: fc.nat({ max: 9 }).map((one) => one === 0),
      late: fc.nat({ max: 4 }).map((one) => one === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('store' as const), pick }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('settle' as const), pick, done: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('ack', 'nack', 'cancel'), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 100, 250, 2000, 5000, 60_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('socket' as const),
      takes: fc.constantFrom('all', 'all', 'buffered', 'nothing'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('register', 'unregister'), other: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('check', 'hello', 'ping') }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('urgency' as const), min: fc.constantFrom(...URGENCIES) }),
  },
)
const rare: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constantFrom('drain', 'close', 'invalid') }),
  fc.record({
    kind: fc.constant('displace' as const),
    ageMs: fc.constantFrom(0, 1000, 1e9),
    flapping: fc.boolean(),
  }),
)
const happening = fc.oneof({ weight: 60, arbitrary: common }, { weight: 1, arbitrary: rare })

const WAITING = [
  'connect',
  'put',
  'list',
  'remove',
  'register',
  'unregister',
  'reload',
  'setMinUrgency',
] as const
type Waiting = Extract<AgentEffect, { kind: (typeof WAITING)[number] }>

function isWaiting(effect: AgentEffect): effect is Waiting {
  return WAITING.some((kind) => kind === effect.kind)
}

/** A world around one actor: a store whose work is done when the test says so, a socket, endpoints and a user agent. */
class World {
  readonly driver = new Driver(LIMITS)
  readonly #asked: { asker: Asker; isCancel: boolean }[] = []
  readonly #stored = new Map<string, Message>()
  readonly #channels = new Map([[CHANNEL, UNRESTRICTED]])
  #minUrgency: Urgency = NO_MIN_URGENCY
  #waiting: Waiting[] = []
  /** Sent and not dropped, in this session. */
  readonly #sent = new Map<string, Message>()
  /** Acknowledged or cancelled, and when. */
  readonly #endedAtMs = new Map<string, number>()
  readonly #accepted: Message[] = []
  #takes: 'all' | 'buffered' | 'nothing' = 'all'
  #number = 100
  #ends = 0
  #closed = false

  constructor(stored: number) {
    for (let number = 0; number < stored; number += 1) this.#store(message(number))
  }

  happen(next: Happening): void {
    if (this.#ends > 0) return
    switch (next.kind) {
      case 'deliver':
        return this.#deliver(next)
      case 'store': {
        const one = this.#accepted[next.pick % this.#accepted.length]
        if (one !== undefined) this.#store(one)
        return this.#offer({ kind: 'check', from: undefined })
      }
      case 'settle':
        return this.#settle(next.pick, next.done)
      case 'ack':
      case 'nack':
      case 'cancel':
        return this.#about(next.kind, next.pick)
      case 'advance':
        return this.#advance(next.ms)
      case 'socket':
        this.#takes = next.takes
        if (next.takes === 'all') this.#offer({ kind: 'drained' })
        return
      case 'register':
      case 'unregister':
        return this.#command(next.kind, next.other ? OTHER : CHANNEL)
      case 'urgency':
        return this.#frame({ kind: 'urgency', min: next.min })
      case 'displace':
        return this.#offer({ ...next, sessionId: EARLIER_SESSION })
      case 'check':
        return this.#offer({ kind: 'check', from: undefined })
      case 'hello':
        if (this.driver.state.phase !== 'greeting') return
        return this.#offer({ kind: 'frame', message: { kind: 'hello', uaid: KNOWN_UAID } })
      case 'ping':
        return this.#frame({ kind: 'broadcastSubscribe', broadcasts: [['a/b', '1']] })
      case 'invalid':
        return this.#frame({ kind: 'invalid', why: 'garbage' })
      case 'drain':
        return this.#offer({ kind: 'drain' })
      case 'close':
        return this.#close()
    }
  }

  /** The end of every run: the socket closes, and everything under way is settled. */
  end(done: boolean): void {
    if (this.#ends === 0) this.#close()
    while (this.#waiting.length > 0 && this.#ends === 0) this.#settle(0, done)
    this.driver.advance(LIMITS.askTimeoutMs)
    this.#react()
  }

  /** What must be true at every moment. */
  check(): void {
    const { flights, parked, commands, early } = this.driver.state
    const within = (what: string, size: number | undefined, max: number) => {
      if ((size ?? 0) > max) throw new Error(`${size} ${what}, the limit is ${max}`)
    }
    within('in flight', flights?.size, LIMITS.inFlightMax)
    within('parked', parked?.size, 2 * LIMITS.inFlightMax)
    within('commands', commands?.length, LIMITS.commandsMax + 1)
    within('early', early?.length, LIMITS.commandsMax)
    within('reads', this.#waiting.filter(({ kind }) => kind === 'list').length, 1)
    within('ends', this.#ends, 1)
    for (const { asker } of this.#asked) within('answers', asker.outcomes.length, 1)
  }

  /** What must be true in the end. */
  checkEnd(): void {
    if (this.#ends !== 1) throw new Error(`${this.#ends} ends`)
    const unanswered = this.#asked.filter(({ asker }) => asker.outcomes.length !== 1)
    if (unanswered.length > 0) throw new Error(`${unanswered.length} asks unanswered`)
    for (const { asker, isCancel } of this.#asked) {
      const [outcome] = asker.outcomes
      if ((outcome === 'cancelled' || outcome === 'unknown') !== isCancel)
        throw new Error(`answered ${outcome}`)
    }
  }

  #advance(ms: number): void {
    // No work of the store takes longer than this: its host calls it failed then.
    const overdue = ms < PUT_TIMEOUT_MS ? 0 : this.#waiting.length
    for (let settled = 0; settled < overdue; settled += 1) this.#settle(0, false)
    this.driver.advance(ms)
    this.#react()
  }

  #frame(said: Extract<AgentInput, { kind: 'frame' }>['message']): void {
    if (this.driver.state.phase !== 'greeting') this.#offer({ kind: 'frame', message: said })
  }

  #command(kind: 'register' | 'unregister', id: ChannelId): void {
    if (kind === 'register') this.#frame({ kind, channelId: id, keyHash: undefined })
    else this.#frame({ kind, channelId: id, code: 200 })
  }

  #deliver(next: Extract<Happening, { kind: 'deliver' }>): void {
    // Nobody can find an actor that does not listen.
    if (this.driver.state.uaid === undefined || this.#closed) return
    const number = next.late ? this.#number - 50 : this.#number
    this.#number += 1
    const one = message(number, {
      urgency: next.urgency,
      ttlSeconds: next.ttlSeconds,
      expiresAtMs: this.driver.wallMs + next.ttlSeconds * 1000,
      ...(next.topic && { topic: 'mail' }),
      ...(next.other && { channelId: OTHER }),
    })
    if (this.#accepted.some(({ id }) => id === one.id)) return
    this.#accepted.push(one)
    const asker = this.driver.deliver(one, next.restricted ? RESTRICTED : UNRESTRICTED)
    this.#asked.push({ asker, isCancel: false })
    this.#react()
  }

  #about(kind: 'ack' | 'nack' | 'cancel', pick: number): void {
    if (this.driver.state.phase === 'greeting') return
    const sent = [...this.#sent.values()]
    const one = sent[sent.length - 1 - (pick % (sent.length || 1))]
    if (one === undefined) return
    if (kind !== 'nack' && !this.#endedAtMs.has(one.id)) this.#endedAtMs.set(one.id, this.driver.wallMs)
    if (kind === 'cancel') this.#asked.push({ asker: this.driver.cancel(one.id), isCancel: true })
    else this.driver[kind](one)
    this.#react()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#offer({ kind: 'closed' })
  }

  #offer(input: AgentInput): void {
    this.driver.offer(input)
    this.#react()
  }

  /** Carries out what the actor asked for, as its host would. */
  #react(): void {
    const inputs: AgentInput[] = []
    for (const effect of this.driver.take()) {
      if (this.#ends > 0) throw new Error(`${effect.kind} after the end`)
      if (effect.kind === 'notify') inputs.push(...this.#notify(effect))
      if (effect.kind === 'close' && !this.#closed) {
        this.#closed = true
        inputs.push({ kind: 'closed' })
      }
      if (effect.kind === 'end') this.#ends += 1
      if (isWaiting(effect)) this.#waiting.push(effect)
    }
    for (const input of inputs) if (this.#ends === 0) this.#offer(input)
    this.check()
  }

  #notify({ message: one }: Extract<AgentEffect, { kind: 'notify' }>): AgentInput[] {
    if (isBelow(one.urgency, this.driver.state.minUrgency)) throw new Error('sent what is not wanted now')
    if (this.#sent.has(one.id) && !this.#mayBeForgotten(one))
      throw new Error(`${one.id} sent twice in one session`)
    if (one.ttlSeconds > 0 && one.expiresAtMs <= this.driver.wallMs) throw new Error('sent after its TTL')
    if (this.#closed) return []
    if (this.#takes === 'nothing') return [{ kind: 'dropped', id: one.id }]
    this.#sent.set(one.id, one)
    return this.#takes === 'buffered' ? [{ kind: 'congested' }] : []
  }

  /** Only the last 32 ends of the last minute are remembered; a delete may have failed meanwhile. */
  #mayBeForgotten({ id }: Message): boolean {
    const atMs = this.#endedAtMs.get(id)
    return atMs !== undefined && (this.#endedAtMs.size > 32 || this.driver.wallMs - atMs >= 60_000)
  }

  #settle(pick: number, done: boolean): void {
    const [effect] = this.#waiting.splice(pick % (this.#waiting.length || 1), 1)
    const input = effect && this.#carryOut(effect, done)
    if (input !== undefined) this.#offer(input)
  }

  #carryOut(effect: Waiting, done: boolean): AgentInput | undefined {
    switch (effect.kind) {
      case 'connect': {
        const agent = effect.read ? this.#agent() : undefined
        return { kind: 'connected', agent: done ? agent : 'failed' }
      }
      case 'put':
        // One that fails is stored all the same: that is the worse case.
        this.#store(effect.message)
        return { kind: 'putSettled', id: effect.message.id, done }
      case 'list':
        return { kind: 'page', page: done ? this.#page(effect) : 'failed' }
      case 'remove':
        if (done) this.#stored.delete(effect.removal.id)
        return done
          ? { kind: 'removed', id: effect.removal.id }
          : { kind: 'removeFailed', removal: effect.removal }
      case 'register':
        if (done) this.#channels.set(effect.channelId, effect.keyDigest)
        return { kind: 'commandDone', done }
      case 'unregister':
        if (done) this.#unregister(effect.channelId)
        return { kind: 'commandDone', done }
      case 'reload':
        return { kind: 'reloaded', agent: done ? this.#agent() : 'failed' }
      case 'setMinUrgency':
        if (done) this.#minUrgency = effect.min
        return { kind: 'commandDone', done }
    }
  }

  #agent(): StoredAgent {
    return { channels: new Map(this.#channels), minUrgency: this.#minUrgency }
  }

  #store(one: Message): void {
    if (this.#channels.has(one.channelId)) this.#stored.set(one.id, one)
  }

  #unregister(id: ChannelId): void {
    this.#channels.delete(id)
    for (const one of this.#stored.values()) if (one.channelId === id) this.#stored.delete(one.id)
    // With the channel goes all that the session knows of its messages; a put under way may bring one back.
    for (const one of this.#sent.values()) if (one.channelId === id) this.#sent.delete(one.id)
  }

  #page({ wanted: { after, limit, minUrgency } }: Extract<AgentEffect, { kind: 'list' }>): Page {
    const known = [...this.#stored.values()].filter(({ channelId }) => this.#channels.has(channelId))
    const rest = known
      .filter(({ id, urgency }) => (after === undefined || id > after) && !isBelow(urgency, minUrgency))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const page = rest.slice(0, limit)
    const next = rest.length > limit ? page.at(-1)?.id : undefined
    return { messages: page.map((one) => ({ message: one, sends: 0 })), next }
  }
}

t.test('whatever happens: every ask is answered once, every limit is kept, the end comes once', (t) => {
  const phases = new Set<string>()
  const outcome = () =>
    fc.assert(
      fc.property(
        fc.array(happening, { maxLength: 150, size: 'max' }),
        fc.nat({ max: 12 }),
        fc.boolean(),
        (happenings, stored, done) => {
          const world = new World(stored)
          if (happenings.length % 5 > 0) {
            world.happen({ kind: 'hello' })
            world.happen({ kind: 'settle', pick: 0, done: true })
          }
          for (const next of happenings) {
            world.happen(next)
            phases.add(world.driver.state.phase)
          }
          world.end(done)
          world.checkEnd()
        },
      ),
      { numRuns: 1500 },
    )
  t.doesNotThrow(outcome)
  t.same([...phases].sort(), ['closed', 'greeting', 'leaving', 'open', 'opening'], 'every phase came up')
  t.end()
})
