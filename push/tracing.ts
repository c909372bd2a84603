/** Names a span to its parts in other processes, as W3C Trace Context does. Only spans of sampled traces are ever named. */
export interface SpanContext {
  /** 32 digits of lower-case hex. */
  readonly traceId: string
  /** 16 digits of lower-case hex. */
  readonly spanId: string
}

/** A stretch of the way of a message. */
export interface Span {
  readonly context: SpanContext
  /** It is over. @param outcome what came of it, one of few words */
  end(outcome: string): void
}

/** Makes traces. A process without one traces nothing and pays nothing for it. */
export interface Tracer {
  /** Begins the trace of a message, if this is one of those that are sampled. */
  begin(name: string): Span | undefined
  /** Begins a part of a span, of this process or another. */
  child(parent: SpanContext, name: string): Span
}

/** Does work as a part of a span; its outcome is what the work resolves to, if that is a word. */
export async function traced<T>(
  tracer: Tracer,
  parent: SpanContext,
  name: string,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracer.child(parent, name)
  try {
    const result = await work(span)
    span.end(typeof result === 'string' ? result : 'done')
    return result
  } catch (error) {
    span.end('failed')
    throw error
  }
}
