import { Actor, type ActorHost } from '../cluster/actor.ts'
import type { Listening, Respond } from '../cluster/bus.ts'
import type { Timer } from '../cluster/clock.ts'
import { within } from '../cluster/within.ts'
import { type AgentReply, type AgentRequest, agentAddress } from '../push/agent-requests.ts'
import { PushError } from '../push/errors.ts'
import { newSessionId, newUaid, type Uaid } from '../push/ids.ts'
import type { Message } from '../push/message.ts'
import { traced } from '../push/tracing.ts'
import type { StoredAgent } from '../store/store.ts'
import type { Turn } from './admission.ts'
import type { AgentEffect } from './agent/effect.ts'
import type { AgentInput } from './agent/input.ts'
import { type AgentState, inFlight, newAgentState, type Removal } from './agent/state.ts'
import type { AgentContext, HostedAgent } from './agent-context.ts'
import { askInput, type BusEffect, doneInput, type StoreEffect, TOO_OFTEN } from './agent-inputs.ts'
import type { AgentConnection, AgentSocket } from './agent-socket.ts'
import { type BroadcastAnswer, isEmpty } from './broadcast-answer.ts'
import { type NamedBroadcasts, parseClientMessage } from './client-message.ts'
import { endChannel } from './end-channel.ts'
import { MessageTraces } from './message-traces.ts'
import type { Rechecking } from './rechecks.ts'
import { frameText, notificationText } from './server-frame.ts'

/**
 * The runner of one user agent's actor: performs the effects of the behaviour on the socket, the bus, the store and the
 * clock, and offers what comes of them as inputs. It decides nothing itself.
 */
export class AgentHost implements ActorHost<AgentEffect>, AgentConnection, HostedAgent {
  readonly #context: AgentContext
  readonly #socket: AgentSocket
  readonly #mayRegister: () => boolean
  readonly #actor: Actor<AgentState, AgentInput, AgentEffect>
  /** Until its hello has been dealt with. */
  #turn: Turn | undefined
  #listening: Listening | undefined
  #rechecking: Rechecking | undefined
  #timer: Timer | undefined
  /** Of those messages that are traced. */
  #traces: MessageTraces | undefined
  /** Its part of the context's load. */
  #inFlight = 0

  constructor(context: AgentContext, socket: AgentSocket, mayRegister: () => boolean) {
    const { random, clock, kind, limits } = context
    this.#context = context
    this.#socket = socket
    this.#mayRegister = mayRegister
    this.#turn = context.admission.expect()
    const ids = { sessionId: newSessionId(random), newUaid: newUaid(random) }
    this.#actor = new Actor(kind, this, newAgentState(limits, ids, clock.monotonicMs()))
  }

  /** The websocket is open: call it first. */
  opened(): void {
    this.#offer({ kind: 'opened' })
  }

  received(text: string): void {
    const message = parseClientMessage(text)
    const tooOften = message.kind === 'register' && !this.#mayRegister()
    this.#offer({ kind: 'frame', message: tooOften ? TOO_OFTEN : message })
  }

  drained(): void {
    this.#offer({ kind: 'drained' })
  }

  missed(): void {
    this.#offer({ kind: 'broadcastMissed' })
  }

  closed(): void {
    this.#offer({ kind: 'closed' })
  }

  /** Something may be in the store for this user agent. */
  check(): void {
    this.#offer({ kind: 'check', from: undefined })
  }

  /** Other sessions of this user agent may not have heard of this one. */
  announce(): void {
    this.#offer({ kind: 'announce' })
  }

  /** Ends the session in good order. */
  drain(): void {
    this.#offer({ kind: 'drain' })
  }

  failed(error: unknown): void {
    this.#context.log.error({ err: error }, 'the actor of a user agent failed; its connection is closed')
    this.#release()
    this.#socket.close('behaviourFailed')
  }

  perform(effect: AgentEffect): void {
    switch (effect.kind) {
      case 'notify':
        return this.#notify(effect)
      case 'reply':
        return effect.ask({ outcome: effect.outcome, clockMs: this.#context.clock.nowMs() })
      case 'send':
        return this.#send(frameText(effect.frame))
      case 'welcome': {
        const broadcasts = this.#subscribe(effect.broadcasts)
        return this.#send(frameText({ kind: 'hello', uaid: effect.uaid, broadcasts }))
      }
      case 'subscribe':
        return this.#tellBroadcasts(this.#subscribe(effect.broadcasts))
      case 'tellBroadcasts':
        return this.#tellBroadcasts(this.#context.broadcasts.current(this.#socket.subscribed()))
      case 'unsubscribe':
        return this.#socket.unsubscribe()
      case 'sendEndpoint':
        return this.#sendEndpoint(effect)
      case 'wake':
        return this.#wake(effect.atMs)
      case 'count':
        return this.#context.count(effect.what)
      case 'close':
        return this.#socket.close(effect.reason)
      case 'end':
        return this.#release()
      case 'connect':
      case 'unlisten':
      case 'tellDisplace':
      case 'tellCheck':
        return this.#performOnBus(effect)
      default:
        return this.#performOnStore(effect)
    }
  }

  #performOnBus(effect: BusEffect): void {
    const { bus, checks } = this.#context
    const { sessionId } = this.#actor.state
    switch (effect.kind) {
      case 'connect':
        return this.#turn?.take(
          () => this.#connect(effect),
          () => this.#offer({ kind: 'crowded' }),
        )
      case 'unlisten':
        this.#listening?.stop()
        this.#listening = undefined
        return
      case 'tellDisplace':
        bus.tell(agentAddress(this.#uaid), { kind: 'displace', sessionId, ageMs: effect.ageMs })
        return
      case 'tellCheck':
        checks.tell(agentAddress(this.#uaid), sessionId)
    }
  }

  #performOnStore(effect: StoreEffect): void {
    const { store, clock } = this.#context
    const uaid = this.#uaid
    switch (effect.kind) {
      case 'register':
        return this.#command(store.register(uaid, effect.channelId, effect.keyDigest, clock.nowMs()))
      case 'unregister':
        return this.#command(endChannel(this.#context, this.#actor.state.sessionId, uaid, effect.channelId))
      case 'reload':
        return this.#do(store.connect(uaid, clock.nowMs()), (agent) => ({ kind: 'reloaded', agent }))
      case 'setMinUrgency':
        return this.#command(store.setMinUrgency(uaid, effect.min))
      case 'put':
        return this.#put(effect.message)
      case 'settle':
        return this.#do(store.settle(effect.awaited, effect.outcome), doneInput('settled', effect.awaited.id))
      case 'list':
        return this.#do(store.list(uaid, effect.wanted, clock.nowMs()), (page) => ({ kind: 'page', page }))
      case 'remove':
        return this.#remove(effect.removal)
      case 'countSends':
        return this.#do(store.countSends(uaid, effect.ids), () => undefined)
    }
  }

  #put(message: Message): void {
    const { store, tracer } = this.#context
    const parent = this.#traces?.contextOf(message.id)
    const put = () => store.put(this.#uaid, message, 1)
    const done = tracer && parent ? traced(tracer, parent, 'store put', put) : put()
    this.#do(done, doneInput('putSettled', message.id))
  }

  get #uaid(): Uaid {
    const { uaid } = this.#actor.state
    if (uaid === undefined) throw new Error('the user agent has not said hello')
    return uaid
  }

  /** An input that finds the mailbox full is a defect, except an endpoint's: that one may be refused. */
  #offer(input: AgentInput): void {
    if (this.#actor.offer(input) === 'full') {
      this.#actor.end()
      this.failed(new Error(`mailbox full at ${input.kind}`))
    }
    this.#countInFlight()
  }

  #countInFlight(): void {
    const now = this.#actor.ended ? 0 : inFlight(this.#actor.state)
    this.#context.load.inFlight += now - this.#inFlight
    this.#inFlight = now
  }

  #send(text: string): void {
    if (this.#socket.send(text) === 'buffered') this.#offer({ kind: 'congested' })
  }

  #notify({ message, ttlSeconds, isCounted }: Extract<AgentEffect, { kind: 'notify' }>): void {
    this.#context.count('notification')
    const result = this.#socket.send(notificationText(message, ttlSeconds))
    this.#traces?.notified(message.id)
    if (result === 'buffered') this.#offer({ kind: 'congested' })
    if (result === 'dropped') this.#offer({ kind: 'dropped', id: message.id })
    if (isCounted && (result === 'sent' || result === 'buffered'))
      this.#performOnStore({ kind: 'countSends', ids: [message.id] })
  }

  /**
   * Subscribes to what a user agent names, as far as it may; says what to tell it. All in one go: whatever changes is either seen
   * here or published afterwards.
   */
  #subscribe(named: NamedBroadcasts): BroadcastAnswer {
    const { broadcasts, limits } = this.#context
    const subscribed = new Set(named.length === 0 ? [] : this.#socket.subscribed())
    return broadcasts.answer(named, (id) => {
      if (!subscribed.has(id) && subscribed.size >= limits.agentBroadcastsMax) return false
      subscribed.add(id)
      this.#socket.subscribe(id)
      return true
    })
  }

  #tellBroadcasts(answer: BroadcastAnswer): void {
    if (isEmpty(answer)) return
    const result = this.#socket.send(frameText({ kind: 'broadcast', broadcasts: answer }))
    if (result === 'buffered') this.#offer({ kind: 'congested' })
    if (result === 'dropped') this.#offer({ kind: 'broadcastMissed' })
  }

  #sendEndpoint({ channelId, keyHash }: Extract<AgentEffect, { kind: 'sendEndpoint' }>): void {
    const { tokens, publicUrl } = this.#context
    const subscription = { uaid: this.#uaid, channelId, ...(keyHash && { keyHash }) }
    const { version, token } = tokens.sealEndpoint(subscription)
    const pushEndpoint = `${publicUrl}/wpush/v${version}/${token}`
    this.#send(frameText({ kind: 'registered', channelId, pushEndpoint }))
  }

  #wake(atMs: number): void {
    const { clock } = this.#context
    this.#timer?.cancel()
    this.#timer = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => {
      this.#timer = undefined
      this.#offer({ kind: 'wake' })
    })
  }

  #connect({ uaid, read }: Extract<AgentEffect, { kind: 'connect' }>): void {
    const listening = this.#context.bus.listen(agentAddress(uaid), this.#receive)
    this.#listening = listening
    this.#rechecking?.stop()
    this.#rechecking = this.#context.recheck(this, uaid)
    this.#do(this.#lookUp(listening, uaid, read), (agent) => ({ kind: 'connected', agent }))
  }

  /** The order is what counts: whoever puts a message from here on either finds the listener or is read. */
  async #lookUp(listening: Listening, uaid: Uaid, read: boolean): Promise<StoredAgent | undefined> {
    const { store, clock } = this.#context
    await listening.flush()
    return read ? store.connect(uaid, clock.nowMs()) : undefined
  }

  readonly #receive = (request: AgentRequest, respond: Respond<AgentReply> | undefined): void => {
    switch (request.kind) {
      case 'deliver':
      case 'cancel': {
        if (respond === undefined) return
        const taken = this.#actor.offer(askInput(request, this.#tracing(request, respond)))
        this.#countInFlight()
        if (taken !== 'accepted') respond({ outcome: 'full', clockMs: this.#context.clock.nowMs() })
        return
      }
      case 'check':
        return this.#offer({ kind: 'check', from: request.from })
      case 'channels':
        return this.#offer({ kind: 'channels', from: request.from })
      case 'displace':
        return this.#displace(request)
      default:
        // For nodes and processes, not for user agents.
        return
    }
  }

  #tracing(request: AgentRequest, respond: Respond<AgentReply>): Respond<AgentReply> {
    const { tracer } = this.#context
    if (request.kind !== 'deliver' || request.trace === undefined || tracer === undefined) return respond
    this.#traces ??= new MessageTraces(tracer)
    return this.#traces.asked(request.message.id, request.trace, respond)
  }

  #displace(request: Extract<AgentRequest, { kind: 'displace' }>): void {
    const { sessionId, ageMs } = request
    if (sessionId === this.#actor.state.sessionId) return
    this.#offer({ kind: 'displace', sessionId, ageMs, flapping: this.#context.isFlapping(this.#uaid) })
  }

  #command(work: Promise<void>): void {
    this.#do(work, (result) => ({ kind: 'commandDone', done: result !== 'failed' }))
  }

  #remove(removal: Removal): void {
    const { store } = this.#context
    const { id, channelId, topic, outcome } = removal
    const removed: Promise<unknown> =
      topic === undefined
        ? store.remove(this.#uaid, [id], outcome)
        : store.removeTopic(this.#uaid, channelId, topic, id, outcome)
    this.#do(removed, (result) =>
      result === 'failed' ? { kind: 'removeFailed', removal } : { kind: 'removed', id },
    )
  }

  /** Waits for work of the store, within its time, and offers what came of it. */
  #do<T>(work: Promise<T>, input: (result: T | 'failed') => AgentInput | undefined): void {
    const { clock, putTimeoutMs } = this.#context
    const bounded = within(clock, putTimeoutMs, work, () => {
      throw new PushError('storeDown', `no answer within ${putTimeoutMs} ms`)
    })
    const offer = (result: T | 'failed') => {
      const next = input(result)
      if (next !== undefined) this.#offer(next)
      this.#endTurn()
    }
    bounded.then(offer, (error) => {
      this.#context.storeFailed(error)
      offer('failed')
    })
  }

  /** The hello has been dealt with once it is answered and the first page read, or when there is nobody left to answer. */
  #endTurn(): void {
    const { ended, state } = this.#actor
    if (this.#turn === undefined || (!ended && (state.phase === 'opening' || state.backlog.reading))) return
    this.#turn.end()
    this.#turn = undefined
  }

  #release(): void {
    this.#actor.end()
    this.#traces?.close()
    this.#countInFlight()
    this.#turn?.leave()
    this.#timer?.cancel()
    this.#rechecking?.stop()
    this.#listening?.stop()
    this.#listening = undefined
    this.#context.left(this)
  }
}
