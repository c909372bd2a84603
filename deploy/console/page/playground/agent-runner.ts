import { type AgentEvent, type AgentState, newAgentState } from '../../model/playground/agent-state.ts'
import { stepAgent } from '../../model/playground/agent-step.ts'
import { newPageChannel } from '../../model/playground/channel.ts'
import { clearLog, type FrameLog, logFrame, NO_FRAMES, pauseLog } from '../../model/playground/frame-log.ts'
import { NOBODY } from '../../model/playground/identity.ts'
import { readNotification } from '../../model/playground/read-notification.ts'
import { keepIdentity, keptIdentity } from './kept.ts'
import { Store } from './store.ts'

/** Runs the user agent of this page: has the model decide, and does what it says with a real websocket. */
export class AgentRunner {
  readonly state: Store<AgentState>
  readonly log = new Store<FrameLog>(NO_FRAMES)
  #url: string
  #socket: WebSocket | undefined

  constructor(url: string) {
    this.#url = url
    this.state = new Store(newAgentState(keptIdentity(url)))
  }

  /** Connects as who this tab is at that URL. */
  connect(url: string): void {
    this.#url = url
    this.dispatch({ kind: 'connect', identity: keptIdentity(url) })
    try {
      this.#open(new WebSocket(url))
    } catch (error) {
      this.dispatch({ kind: 'refused', why: refusalWords(url, error) })
    }
  }

  /** Ends the connection in good order. */
  disconnect(): void {
    this.dispatch({ kind: 'disconnect' })
    this.#socket?.close(1000)
  }

  /** Becomes somebody new, whom no service knows; what there was of subscriptions stays at the service until it notices. */
  renew(): void {
    keepIdentity(this.#url, NOBODY)
    this.state.set({ ...newAgentState(), answering: this.state.value.answering })
  }

  /** Makes a subscription. @param vapidKey the only application server that may send to it */
  async register(name: string, vapidKey: string | undefined): Promise<void> {
    this.dispatch({ kind: 'register', channel: await newPageChannel(name, vapidKey) })
  }

  /** Sends a frame that somebody has typed. */
  sendRaw(text: string): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#log('sent', text)
    this.#socket.send(text)
  }

  pauseLog(isPaused: boolean): void {
    this.log.set(pauseLog(this.log.value, isPaused))
  }

  clearLog(): void {
    this.log.set(clearLog(this.log.value))
  }

  dispatch(event: AgentEvent): void {
    const before = this.state.value
    const { state, send } = stepAgent(before, event)
    if (state.identity !== before.identity) keepIdentity(this.#url, state.identity)
    this.state.set(state)
    for (const frame of send) this.sendRaw(JSON.stringify(frame))
    if (state.received !== before.received) void this.#read(state)
  }

  #open(socket: WebSocket): void {
    this.#socket = socket
    socket.addEventListener('open', () => this.dispatch({ kind: 'opened' }))
    socket.addEventListener('message', ({ data }) => {
      const text = String(data)
      this.#log('received', text)
      this.dispatch({ kind: 'received', text, atMs: Date.now() })
    })
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.dispatch({ kind: 'closed', code, reason })
    })
  }

  /** Decrypts the message that has just come. */
  async #read({ messages: [message], identity }: AgentState): Promise<void> {
    if (message === undefined) return
    const { id, notification } = message
    const channel = identity.channels.find(({ channelID }) => channelID === notification.channelID)
    this.dispatch({ kind: 'read', id, content: await readNotification(notification, channel) })
  }

  #log(direction: 'sent' | 'received', text: string): void {
    this.log.set(logFrame(this.log.value, direction, text, Date.now()))
  }
}

/** Why a browser does not even try. */
function refusalWords(url: string, error: unknown): string {
  if (location.protocol === 'https:' && url.startsWith('ws:'))
    return 'This page came by https, and so the browser lets it open wss:// only: give the websocket port a certificate, or open this page by http://localhost.'
  return `The browser does not open that websocket: ${error instanceof Error ? error.message : error}`
}
