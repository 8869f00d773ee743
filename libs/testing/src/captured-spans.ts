import { context, trace, type ContextManager, type TracerProvider } from '@opentelemetry/api';
import { findClass } from './installed-class.js';
import { treeOf, type CapturedSpan, type SpanNode } from './span-tree.js';

/** The interface of the SDK's span processors, the same in SDK 2 and 3. */
interface SpanProcessor {
  onStart(span: CapturedSpan): void;
  onEnd(span: CapturedSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

type TracerProviderClass = new (config: { spanProcessors: SpanProcessor[] }) => TracerProvider;
type ContextManagerClass = new () => ContextManager;

/** The packages that export the class, each with its name there: SDK 3 first, then SDK 2. */
const TRACER_PROVIDERS = {
  '@opentelemetry/sdk-trace': 'TracerProvider',
  '@opentelemetry/sdk-trace-base': 'BasicTracerProvider',
} as const;
const CONTEXT_MANAGERS = { '@opentelemetry/context-async-hooks': 'AsyncLocalStorageContextManager' } as const;
const INSTALL = 'npm install --save-dev @opentelemetry/sdk-trace @opentelemetry/context-async-hooks';

/**
 * Records every span of this process from now on. Needs `@opentelemetry/context-async-hooks` and either
 * `@opentelemetry/sdk-trace` (SDK 3) or `@opentelemetry/sdk-trace-base` (SDK 2).
 *
 * @throws Error when one of them is missing, with the command that installs it, or when this process has a tracer
 * provider already
 */
export async function captureSpans(): Promise<CapturedSpans> {
  const Provider = findClass('captureSpans', TRACER_PROVIDERS, INSTALL) as TracerProviderClass;
  const Manager = findClass('captureSpans', CONTEXT_MANAGERS, INSTALL) as ContextManagerClass;
  const recorder = new SpanRecorder();
  const provider = new Provider({ spanProcessors: [recorder] });
  if (!trace.setGlobalTracerProvider(provider)) {
    throw new Error(
      'spans are captured or exported in this process already: stop() the earlier capture first',
    );
  }
  // An existing context manager works as well, and is not ours to remove.
  const manager = new Manager().enable();
  const ownsContext = context.setGlobalContextManager(manager);
  if (!ownsContext) manager.disable();
  return new CapturedSpans(recorder, () => {
    trace.disable();
    if (ownsContext) context.disable();
  });
}

/** The spans of this process since `captureSpans`. */
export class CapturedSpans implements Disposable {
  private stopped = false;

  /** @internal */
  constructor(
    private readonly recorder: SpanRecorder,
    private readonly unregister: () => void,
  ) {}

  /** The spans that have ended, in the order in which they started. */
  get spans(): readonly CapturedSpan[] {
    return this.recorder.finished;
  }

  /** The ended spans of that name. */
  named(name: string): readonly CapturedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** The same spans as trees of plain objects, for assertions such as `toMatchObject`. */
  tree(): readonly SpanNode[] {
    return treeOf(this.spans);
  }

  /** Drops every span so far, including those that have not ended yet. */
  clear(): void {
    this.recorder.clear();
  }

  /** Ends the capture and removes the tracer provider; the captured spans stay. May be called more than once. */
  stop(): void {
    if (!this.stopped) this.unregister();
    this.stopped = true;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

class SpanRecorder implements SpanProcessor {
  private started: CapturedSpan[] = [];
  private readonly ended = new Set<string>();

  get finished(): CapturedSpan[] {
    return this.started.filter((span) => this.ended.has(span.spanContext().spanId));
  }

  clear(): void {
    this.started = [];
    this.ended.clear();
  }

  onStart(span: CapturedSpan): void {
    this.started.push(span);
  }

  onEnd(span: CapturedSpan): void {
    this.ended.add(span.spanContext().spanId);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
