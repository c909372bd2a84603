import type { SpanContext, Tracer } from '../push/tracing.ts'
import type { Options } from './options.ts'
import type { Started } from './started.ts'
import { version } from './version.ts'

type TraceOptions = Pick<Options, 'traceUrl' | 'traceName' | 'traceRatio'>

/**
 * Opens the traces of messages, where an operator wants them: a part of them is sent to a collector by OTLP over HTTP. Without the
 * option nothing of it is even loaded.
 */
export async function openTracer(options: TraceOptions, started: Started): Promise<Tracer | undefined> {
  const { traceUrl } = options
  if (traceUrl === undefined) return undefined
  const provider = await makeProvider(traceUrl, options)
  // What is ended last is sent, too; a collector that is away keeps no process from its end.
  started.add('tracing', () => provider.shutdown().catch(() => {}))
  return makeTracer(provider)
}

type Provider = Awaited<ReturnType<typeof makeProvider>>

async function makeProvider(url: string, { traceName, traceRatio }: TraceOptions) {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const root = new sdk.TraceIdRatioBasedSampler(traceRatio)
  return new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': traceName, 'service.version': version() }),
    // A part of a trace is only ever begun where the trace is sampled.
    sampler: new sdk.ParentBasedSampler({ root }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
  })
}

async function makeTracer(provider: Provider): Promise<Tracer> {
  const { ROOT_CONTEXT, SpanKind, trace, TraceFlags } = await import('@opentelemetry/api')
  const tracer = provider.getTracer('pushgrid', version())
  const spanOf = (span: ReturnType<typeof tracer.startSpan>) => ({
    context: span.spanContext(),
    end: (outcome: string) => span.setAttribute('pushgrid.outcome', outcome).end(),
  })
  return {
    begin(name) {
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, ROOT_CONTEXT)
      return span.isRecording() ? spanOf(span) : undefined
    },
    child(parent: SpanContext, name) {
      const context = { ...parent, traceFlags: TraceFlags.SAMPLED, isRemote: true }
      return spanOf(tracer.startSpan(name, {}, trace.setSpanContext(ROOT_CONTEXT, context)))
    },
  }
}
