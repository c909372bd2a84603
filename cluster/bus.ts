/** Answers an ask. Only the first call counts, and none after the asker's time-out. */
export type Respond<Reply> = (reply: Reply) => void

/**
 * Receives what is sent to an address. `respond` is there for an ask and absent for a tell.
 * It is called synchronously and must not throw; a bus survives one that does and answers nothing for it.
 */
export type Listener<Message, Reply> = (message: Message, respond: Respond<Reply> | undefined) => void

/** One listening of one listener. */
export interface Listening {
  /** After it returns, the listener is not called again. */
  stop(): void
  /**
   * Resolves when this listening, or that it has stopped, is known to those who ask; rejects when that can't be known. A bus that
   * lost its connection and has it back makes older listenings known by and by, which this does not wait for.
   */
  flush(): Promise<void>
}

/** Tells whether an address is among those that something happened to. */
export type Concerns = (address: string) => boolean

/**
 * Messages between actors that know only each other's addresses. Any number may listen on one address: all of
 * them get every message, and an ask takes the first reply. The bus knows nothing of push: message and reply
 * are type parameters, and a bus that crosses processes is given their encoding.
 */
export interface Bus<Message, Reply extends object> {
  /** Whether who is at this address can be reached at the moment, and can reach us, as far as is known. */
  isReachable(address: string): boolean
  /**
   * Sends a request and waits for one reply.
   * `absent`: nobody listens there, known for certain. `timeout`: no reply in `timeoutMs`; it may have been
   * received and acted on all the same. Never rejects.
   */
  ask(address: string, message: Message, timeoutMs: number): Promise<Reply | 'absent' | 'timeout'>
  /** Sends without a reply: a hint that may be lost or come twice. `notSent` says that it certainly was lost. */
  tell(address: string, message: Message): 'sent' | 'notSent'
  /** Starts to listen. Others may not know of it until `flush` of the listening resolves. */
  listen(address: string, listener: Listener<Message, Reply>): Listening
  /** Ends all listening and settles pending asks as `timeout`. */
  close(): Promise<void>
}
