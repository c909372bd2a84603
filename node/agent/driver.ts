import type { AgentOutcome } from '../../push/agent-requests.ts'
import {
  type ChannelId,
  type KeyDigest,
  type MessageId,
  parseChannelId,
  parseMessageId,
  parseUaid,
  type SessionId,
} from '../../push/ids.ts'
import type { Message } from '../../push/message.ts'
import type { ClientMessage } from '../client-message.ts'
import type { AgentEffect } from './effect.ts'
import type { AgentInput } from './input.ts'
import { type AgentLimits, type AgentState, type Ask, newAgentState } from './state.ts'
import { step } from './step.ts'

/** Limits of the tests: the real waits, and a window small enough to be filled by hand. */
export const LIMITS: AgentLimits = {
  helloTimeoutMs: 5000,
  ackGraceMs: 250,
  askTimeoutMs: 2500,
  ackTimeoutMs: 60_000,
  inFlightMax: 4,
  sendsMax: 5,
  commandsMax: 8,
  pingMinMs: 45_000,
  readRetryMs: 5000,
  flapHoldMs: 60_000,
}

/** The age of a deliver's asker at which a put that failed is given up. */
export const UNSAVED_AFTER_MS = LIMITS.askTimeoutMs - 200

const STARTED_AT_MS = 1000
const WALL_AHEAD_MS = 1_800_000_000_000

/** A valid id out of a small number; greater numbers are later ids. */
export function messageId(number: number): MessageId {
  return parsed(parseMessageId(`01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`))
}

/** A valid channel id out of a small number. */
export function channelId(number: number): ChannelId {
  return parsed(parseChannelId(`c0000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`))
}

/** The digest of no key: an unrestricted channel. */
export const UNRESTRICTED = '' as KeyDigest
/** The digest of some key. */
export const RESTRICTED = '0123456789abcdef' as KeyDigest
/** What the user agent calls itself in its hello. */
export const KNOWN_UAID = parsed(parseUaid('a'.repeat(32)))
/** What it is called if the store does not know it. */
export const NEW_UAID = parsed(parseUaid('b'.repeat(32)))
/** The session under test, and two that come before and after it where ages tie. */
export const [EARLIER_SESSION, SESSION, LATER_SESSION] = [
  '1111111111111111',
  '2222222222222222',
  '3333333333333333',
] as [SessionId, SessionId, SessionId]

/** The channel that is subscribed unless a test says otherwise. */
export const CHANNEL = channelId(1)

/** Makes a message that has just been accepted, on the usual channel. */
export function message(number: number, fields: Partial<Message> = {}): Message {
  const ttlSeconds = fields.ttlSeconds ?? 3600
  return {
    id: messageId(number),
    channelId: CHANNEL,
    ttlSeconds,
    expiresAtMs: WALL_AHEAD_MS + STARTED_AT_MS + ttlSeconds * 1000,
    body: new Uint8Array(),
    ...fields,
  }
}

/** One question of an endpoint and all the answers it got: exactly one, if the behaviour is right. */
export class Asker {
  readonly outcomes: AgentOutcome[] = []
  readonly respond: Ask = ({ outcome }) => this.outcomes.push(outcome)
}

type EffectOf<Kind> = Extract<AgentEffect, { kind: Kind }>

/**
 * Drives the behaviour of one user agent in tests: feeds inputs, keeps the time and the one timer, answers askers, and
 * collects all other effects until they are taken. Every result of the store is given by hand.
 */
export class Driver {
  readonly state: AgentState
  /** Whether the actor has said that it is done; it takes no input any more then. */
  ended = false
  #nowMs = STARTED_AT_MS
  #wakeAtMs: number | undefined
  #effects: AgentEffect[] = []

  constructor(limits: Partial<AgentLimits> = {}) {
    const ids = { sessionId: SESSION, newUaid: NEW_UAID }
    this.state = newAgentState({ ...LIMITS, ...limits }, ids, this.#nowMs)
    this.offer({ kind: 'opened' })
  }

  /** A session that has said hello, with these channels, and found nothing stored. */
  static opened(options: { channels?: readonly ChannelId[]; limits?: Partial<AgentLimits> } = {}): Driver {
    const driver = new Driver(options.limits)
    driver.frame({ kind: 'hello', uaid: KNOWN_UAID, broadcasts: [] })
    const channels = (options.channels ?? [CHANNEL]).map((id) => [id, UNRESTRICTED] as const)
    driver.offer({ kind: 'connected', agent: { channels: new Map(channels) } })
    driver.page([])
    driver.take()
    return driver
  }

  /** The wall time, for messages that are to expire. */
  get wallMs(): number {
    return WALL_AHEAD_MS + this.#nowMs
  }

  /** Whether a timer is set. */
  get sleeps(): boolean {
    return this.#wakeAtMs !== undefined
  }

  offer(input: AgentInput): void {
    if (this.ended) return
    for (const effect of step(this.state, input, { wallMs: this.wallMs, monotonicMs: this.#nowMs })) {
      if (effect.kind === 'wake') this.#wakeAtMs = effect.atMs
      else if (effect.kind === 'reply') effect.ask({ outcome: effect.outcome, clockMs: this.wallMs })
      if (effect.kind === 'end') this.ended = true
      if (effect.kind !== 'wake') this.#effects.push(effect)
    }
  }

  /** Lets time pass, waking the actor whenever it asked for it. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (let wakes = 0; this.#wakeAtMs !== undefined && this.#wakeAtMs <= untilMs; wakes += 1) {
      if (wakes > 1000) throw new Error('the actor asks to be woken over and over')
      this.#nowMs = Math.max(this.#nowMs, this.#wakeAtMs)
      this.#wakeAtMs = undefined
      this.offer({ kind: 'wake' })
    }
    this.#nowMs = untilMs
  }

  /** The effects since the last call, in their order; timers and counts are left out. */
  take(): AgentEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects.filter((effect) => effect.kind !== 'count')
  }

  /** The effects of one kind since the last call; all others since then are dropped. */
  takeOf<Kind extends AgentEffect['kind']>(kind: Kind): EffectOf<Kind>[] {
    const effects = this.#effects
    this.#effects = []
    return effects.filter((effect): effect is EffectOf<Kind> => effect.kind === kind)
  }

  /** The kinds of the effects since the last call, in their order; timers and counts are left out. */
  takeKinds(): AgentEffect['kind'][] {
    return this.take().map((effect) => effect.kind)
  }

  frame(message: ClientMessage): void {
    this.offer({ kind: 'frame', message })
  }

  deliver(message: Message, keyDigest = UNRESTRICTED): Asker {
    const asker = new Asker()
    this.offer({ kind: 'deliver', message, keyDigest, ask: asker.respond })
    return asker
  }

  cancel(id: MessageId): Asker {
    const asker = new Asker()
    this.offer({ kind: 'cancel', id, ask: asker.respond })
    return asker
  }

  ack(...messages: Pick<Message, 'id' | 'channelId'>[]): void {
    const updates = messages.map(({ id, channelId }) => ({ id, channelId, code: 100 }))
    this.frame({ kind: 'ack', updates })
  }

  nack({ id }: Pick<Message, 'id'>, code = 302): void {
    this.frame({ kind: 'nack', id, code })
  }

  putSettled({ id }: Pick<Message, 'id'>, done: boolean): void {
    this.offer({ kind: 'putSettled', id, done })
  }

  /** Answers the reading of a page, `next` being the last id looked at where more may follow. */
  page(messages: readonly Message[], next?: MessageId, sends = 0): void {
    const page = { messages: messages.map((message) => ({ message, sends })), next }
    this.offer({ kind: 'page', page })
  }

  check(): void {
    this.offer({ kind: 'check', from: undefined })
  }

  displace(ageMs: number, options: { from?: SessionId; flapping?: boolean } = {}): void {
    const { from = LATER_SESSION, flapping = false } = options
    this.offer({ kind: 'displace', sessionId: from, ageMs, flapping })
  }
}

function parsed<T>(id: T | undefined): T {
  if (id === undefined) throw new Error('a test made a malformed id')
  return id
}
