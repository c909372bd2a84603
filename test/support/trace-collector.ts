import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as it was sent by OTLP (opentelemetry-proto), with what tests look at. */
export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Absent or empty for the first of its trace. */
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly { key: string; value: { stringValue?: string } }[]
  /** The process that sent it. */
  readonly service: string
}

/** What is sent at a time, by OTLP over HTTP as JSON. */
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: CollectedSpan['attributes'] }
    readonly scopeSpans: readonly { readonly spans: readonly Omit<CollectedSpan, 'service'>[] }[]
  }[]
}

/** Takes traces, and keeps them for a test to look at. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      this.#take(JSON.parse(Buffer.concat(chunks).toString()))
      response.setHeader('content-type', 'application/json').end('{}')
    })
  }

  /** Listens on a free port. */
  static async start(): Promise<TraceCollector> {
    const collector = new TraceCollector()
    collector.#server.listen(0, '127.0.0.1')
    await once(collector.#server, 'listening')
    return collector
  }

  /** Where to send traces to. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`
  }

  /** The spans of each trace, by its id. */
  get traces(): readonly (readonly CollectedSpan[])[] {
    const byId = new Map<string, CollectedSpan[]>()
    for (const span of this.spans) byId.set(span.traceId, [...(byId.get(span.traceId) ?? []), span])
    return [...byId.values()]
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #take({ resourceSpans }: ExportRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = outcomeOf(resource.attributes, 'service.name')
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => ({ ...span, service })))
    }
  }
}

/** A trace in words: each span as `name outcome`, below the one it is a part of. */
export function treeOf(spans: readonly CollectedSpan[], parent = ''): string[] {
  return spans
    .filter(({ parentSpanId = '' }) => parentSpanId === parent)
    .flatMap(({ name, attributes, spanId }) => [
      `${name}: ${outcomeOf(attributes, 'pushgrid.outcome')}`,
      ...treeOf(spans, spanId).map((line) => `  ${line}`),
    ])
}

function outcomeOf(attributes: CollectedSpan['attributes'], wanted: string): string {
  return attributes.find(({ key }) => key === wanted)?.value.stringValue ?? ''
}
