import type { SimulatedClock } from '../../cluster/simulated-clock.ts'
import type { AgentConnection, AgentSocket, SendResult } from '../../node/agent-socket.ts'
import type { CloseReason } from '../../push/errors.ts'
import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'
import type { NodeTopics, Subscriptions } from './node-topics.ts'
import type { Process } from './process.ts'

/** What happens to the websocket, told to the browser. */
export interface BrowserEnd {
  opened(): void
  received(text: string): void
  /** `reason` is absent when the connection just broke. */
  closed(reason: CloseReason | undefined): void
}

/** Told of what the node does with the socket, at the moment it does it. */
export interface LinkObserver {
  accepted(): void
  wrote(text: string, result: SendResult): void
  /** The node closes. */
  closing(reason: CloseReason): void
  /** Nothing comes from the node any more. */
  closed(): void
  /** A frame of the browser has come to the node. */
  arrived(text: string): void
}

/** A node that takes connections. */
export interface AcceptingNode {
  readonly process: Process
  readonly topics: NodeTopics
  /** Hands a socket to the actors of the node. */
  open(socket: AgentSocket): AgentConnection
}

/** What a link works with. */
export interface LinkDeps {
  time: SimulatedClock
  dice: Dice
  faults: Faults
  /** The node that takes the connection, if any does. */
  node: AcceptingNode | undefined
  browser: BrowserEnd
  observer: LinkObserver
}

/** Frames that the kernels take before a slow reader shows, and that the server keeps beyond that. */
const KERNEL_FRAMES = 8
const BUFFERED_FRAMES = 8

/**
 * One websocket between a browser and a node. Frames take time and keep their order; either end can vanish without the
 * other one noticing; a slow reader makes the node's sends say `buffered`, then `dropped`.
 */
export class Link {
  readonly number: number
  readonly #deps: LinkDeps
  #connection: AgentConnection | undefined
  /** open: frames flow. cut: they vanish, and nobody has noticed yet. */
  #wire: 'open' | 'cut' = 'open'
  #nodeEnd: 'open' | 'closed' = 'open'
  #browserEnd: 'open' | 'closed' = 'open'
  #subscriptions: Subscriptions | undefined
  #toNodeMs = 0
  #toBrowserMs = 0
  /** Frames that a browser which does not read has not taken yet. */
  #unread: string[] | undefined

  constructor(number: number, deps: LinkDeps) {
    this.number = number
    this.#deps = deps
    const { node } = deps
    if (node === undefined) {
      this.#reset()
    } else {
      node.process.onKill(() => this.#reset())
      this.#toNode(() => this.#accept(node))
    }
  }

  /** Whether the node takes it for a living connection. */
  get openAtNode(): boolean {
    return this.#connection !== undefined && this.#nodeEnd === 'open'
  }

  /** Whether both ends are there and frames flow between them. */
  get healthy(): boolean {
    return this.openAtNode && this.#browserEnd === 'open' && this.#wire === 'open' && !this.#unread
  }

  /** The browser sends a frame. */
  send(text: string): void {
    if (this.#browserEnd === 'closed') return
    this.#toNode(() => {
      if (this.#nodeEnd === 'closed') return
      this.#deps.observer.arrived(text)
      this.#connection?.received(text)
    })
  }

  /** The browser closes in good order: what it sent before still arrives. */
  close(): void {
    if (this.#browserEnd === 'closed') return
    this.#browserEnd = 'closed'
    this.#toNode(() => this.#nodeSeesClose())
  }

  /** The network between them breaks: what is on its way is lost, and the ends notice some time later. */
  cut(): void {
    if (this.#wire === 'cut') return
    this.#wire = 'cut'
    const { dice, faults, time, node } = this.#deps
    node?.process.clock.after(dice.within(faults.noticeMs), () => this.#nodeSeesClose())
    time.after(dice.within(faults.noticeMs) / 4, () => this.#browserSeesClose(undefined))
  }

  /** The browser forgets the connection without a word, and may open another at once. */
  abandon(): void {
    this.#browserEnd = 'closed'
    this.cut()
  }

  /** The browser stops or goes on taking frames. */
  setReading(reading: boolean): void {
    if (!reading) {
      this.#unread ??= []
      return
    }
    const unread = this.#unread ?? []
    this.#unread = undefined
    for (const text of unread) this.#toBrowser(() => this.#deps.browser.received(text))
    if (unread.length > KERNEL_FRAMES) this.#toNode(() => this.#connection?.drained())
  }

  #accept(node: AcceptingNode): void {
    const subscriptions = node.topics.join((text) => this.#published(text))
    this.#subscriptions = subscriptions
    const socket: AgentSocket = {
      send: (text) => this.#nodeSends(text),
      subscribe: (id) => {
        if (this.#nodeEnd === 'open') subscriptions.subscribe(id)
      },
      unsubscribe: () => subscriptions.unsubscribe(),
      subscribed: () => subscriptions.subscribed(),
      close: (reason) => this.#nodeCloses(reason),
    }
    this.#deps.observer.accepted()
    this.#connection = node.open(socket)
    // A node that is about to stop closes it in there.
    if (this.#nodeEnd === 'closed') this.#connection.closed()
    this.#toBrowser(() => this.#deps.browser.opened())
  }

  #nodeSends(text: string): SendResult {
    const result = this.#resultOfSend()
    this.#deps.observer.wrote(text, result)
    if (result === 'sent' || result === 'buffered') {
      if (this.#unread) this.#unread.push(text)
      else this.#toBrowser(() => this.#deps.browser.received(text))
    }
    return result
  }

  #published(text: string): void {
    if (this.#nodeSends(text) === 'dropped') this.#connection?.missed()
  }

  #resultOfSend(): SendResult {
    if (this.#nodeEnd === 'closed') return 'closed'
    const unread = this.#unread?.length ?? 0
    if (unread < KERNEL_FRAMES) return 'sent'
    return unread < KERNEL_FRAMES + BUFFERED_FRAMES ? 'buffered' : 'dropped'
  }

  /** As uWebSockets.js does it: the close handler runs inside of the call. */
  #nodeCloses(reason: CloseReason): void {
    if (this.#nodeEnd === 'closed') return
    this.#deps.observer.closing(reason)
    this.#toBrowser(() => this.#browserSeesClose(reason))
    this.#nodeSeesClose()
  }

  #nodeSeesClose(): void {
    if (this.#nodeEnd === 'closed') return
    this.#nodeEnd = 'closed'
    this.#subscriptions?.unsubscribe()
    this.#connection?.closed()
    this.#deps.observer.closed()
    if (this.#wire === 'open') this.#toBrowser(() => this.#browserSeesClose(undefined))
  }

  #browserSeesClose(reason: CloseReason | undefined): void {
    if (this.#browserEnd === 'closed') return
    this.#browserEnd = 'closed'
    this.#deps.browser.closed(reason)
  }

  /** There is no process at the other end, or no more: its kernel resets the connection. */
  #reset(): void {
    if (this.#nodeEnd === 'open') this.#deps.observer.closed()
    this.#nodeEnd = 'closed'
    this.#toBrowser(() => this.#browserSeesClose(undefined))
  }

  #toNode(run: () => void): void {
    const { time, dice, faults, node } = this.#deps
    this.#toNodeMs = Math.max(this.#toNodeMs, time.elapsedMs + dice.within(faults.frameDelayMs))
    node?.process.clock.after(this.#toNodeMs - time.elapsedMs, () => {
      if (this.#wire === 'open') run()
    })
  }

  #toBrowser(run: () => void): void {
    const { time, dice, faults } = this.#deps
    this.#toBrowserMs = Math.max(this.#toBrowserMs, time.elapsedMs + dice.within(faults.frameDelayMs))
    time.after(this.#toBrowserMs - time.elapsedMs, () => {
      if (this.#wire === 'open' && this.#browserEnd === 'open') run()
    })
  }
}
