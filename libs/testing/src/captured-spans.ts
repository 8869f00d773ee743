import {
  context,
  trace,
  type Attributes,
  type ContextManager,
  type Link,
  type TracerProvider,
} from '@opentelemetry/api';

/** A finished span, as far as tests look at it: what the SDKs 2 and 3 have in common. */
export interface CapturedSpan {
  readonly name: string;
  readonly attributes: Attributes;
  readonly status: { readonly code: number; readonly message?: string };
  readonly links: readonly Link[];
  readonly events: readonly object[];
  readonly startTime: [seconds: number, nanoseconds: number];
  readonly endTime: [seconds: number, nanoseconds: number];
  readonly parentSpanContext?: { readonly spanId: string };
  spanContext(): { readonly spanId: string; readonly traceId: string };
}

/** A span with what happened inside it. */
export interface SpanNode {
  readonly name: string;
  readonly attributes: Attributes;
  readonly status: 'UNSET' | 'OK' | 'ERROR';
  /** Span ids that it points at. */
  readonly links: readonly string[];
  readonly spanId: string;
  readonly traceId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly children: readonly SpanNode[];
}

/** The spans of this process since {@link captureSpans}. */
export interface CapturedSpans {
  /** Finished spans, in order of their start. */
  readonly spans: readonly CapturedSpan[];
  /** Those of this name. */
  named(name: string): readonly CapturedSpan[];
  /** Finished spans as trees: a span whose parent is not among them is a root. */
  tree(): readonly SpanNode[];
  /** Forgets what has been captured. */
  clear(): void;
  /** Gives the global tracer provider and context manager back. */
  stop(): void;
}

interface Exporter {
  getFinishedSpans(): readonly CapturedSpan[];
  reset(): void;
}

interface Sdk {
  readonly InMemorySpanExporter: new () => Exporter;
  readonly SimpleSpanProcessor: new (options: unknown) => object;
  readonly TracerProvider?: new (options: object) => TracerProvider;
  readonly BasicTracerProvider?: new (options: object) => TracerProvider;
}

/**
 * Captures every span of this process in memory, with the OpenTelemetry SDK 3 (`@opentelemetry/sdk-trace`) or 2
 * (`@opentelemetry/sdk-trace-base`), whichever is installed, beside `@opentelemetry/context-async-hooks`.
 *
 * @throws Error that says what to install
 */
export async function captureSpans(): Promise<CapturedSpans> {
  const { AsyncLocalStorageContextManager } = await load<{
    AsyncLocalStorageContextManager: new () => ContextManager;
  }>('@opentelemetry/context-async-hooks');
  const sdk = await load<Sdk>('@opentelemetry/sdk-trace', '@opentelemetry/sdk-trace-base');
  const exporter = new sdk.InMemorySpanExporter();
  const Provider = sdk.TracerProvider ?? sdk.BasicTracerProvider;
  if (Provider === undefined) throw new Error('this version of the OpenTelemetry SDK is not supported');
  // SDK 3 takes an options object, SDK 2 the exporter itself.
  const processor = new sdk.SimpleSpanProcessor(sdk.TracerProvider === undefined ? exporter : { exporter });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new Provider({ spanProcessors: [processor] }));
  return new InMemorySpans(exporter);
}

async function load<T>(...names: readonly string[]): Promise<T> {
  for (const name of names) {
    try {
      return (await import(name)) as T;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`captureSpans() needs a package that is not installed: npm install --save-dev ${names[0]}`);
}

class InMemorySpans implements CapturedSpans {
  constructor(private readonly exporter: Exporter) {}

  get spans(): readonly CapturedSpan[] {
    return this.exporter.getFinishedSpans().toSorted((a, b) => toMs(a.startTime) - toMs(b.startTime));
  }

  named(name: string): readonly CapturedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  tree(): readonly SpanNode[] {
    const { spans } = this;
    const ids = new Set(spans.map((span) => span.spanContext().spanId));
    const node = (span: CapturedSpan): SpanNode => ({
      name: span.name,
      attributes: span.attributes,
      status: (['UNSET', 'OK', 'ERROR'] as const)[span.status.code] ?? 'UNSET',
      links: span.links.map((link) => link.context.spanId),
      ...span.spanContext(),
      startMs: toMs(span.startTime),
      endMs: toMs(span.endTime),
      children: spans
        .filter((other) => other.parentSpanContext?.spanId === span.spanContext().spanId)
        .map(node),
    });
    return spans.filter((span) => !ids.has(span.parentSpanContext?.spanId ?? '')).map(node);
  }

  clear(): void {
    this.exporter.reset();
  }

  stop(): void {
    trace.disable();
    context.disable();
  }
}

const toMs = ([seconds, nanoseconds]: [number, number]): number => seconds * 1_000 + nanoseconds / 1_000_000;
