/** A request and whom to tell what became of it: `began` at once or when a connection is free, then one of the other two. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** Made when it is sent, so that what waits is small. */
  body(): Uint8Array | undefined
  /** It is written to its connection now. */
  began(): void
  answered(answer: HttpAnswer): void
  /** @param kind a word that errors are counted by */
  failed(kind: string): void
}

/** An answer, as far as a sender of push messages wants to know it. */
export interface HttpAnswer {
  readonly status: number
  /** The beginning of it. */
  readonly body: string
}
