import {
  context,
  propagation,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { AuthError } from '../common/auth.error.js';
import { anchorBelow, setAnchor } from './clock-anchor.js';
import { ATTRIBUTES, OTHER_ERROR, SCOPE_NAME } from './names.js';
import { LIBRARY_VERSION } from '../common/version.js';

/** The identity of a span in its trace: what a later span can link to. */
export type SpanPlace = SpanContext;

/** The few things that the library does with a span. */
export interface ActiveSpan {
  /** Sets attributes. */
  set(attributes: Attributes): void;
  /** Marks the span as an ERROR of that kind, without an exception being thrown through it. */
  fail(kind: string): void;
  /** Points at a span of another trace (or another branch) that this one waited for. */
  link(place: SpanPlace | undefined): void;
  /** What others link to; undefined when nothing is recorded. */
  readonly place: SpanPlace | undefined;
}

/** How a span is created, and what makes it an ERROR. */
export interface SpanOptions {
  /** Called only for a span that is created. */
  readonly attributes?: () => Attributes;
  /** A trace of its own instead of a child of what is active, linked to `links`. */
  readonly root?: boolean;
  readonly links?: readonly SpanPlace[];
  /**
   * Whether what was thrown makes the span an ERROR.
   *
   * @default everything but a refusal
   */
  readonly isFailure?: (error: unknown) => boolean;
}

/** A refusal (an AuthError about the token itself) is an outcome, not a failure. */
const isNoRefusal = (error: unknown): boolean => !(error instanceof AuthError && error.isRefusal);

/** In place of a span that is not recorded. */
const UNRECORDED: ActiveSpan = { set() {}, fail() {}, link() {}, place: undefined };

class RecordedSpan implements ActiveSpan {
  failed = false;

  constructor(private readonly span: Span) {}

  set(attributes: Attributes): void {
    this.span.setAttributes(attributes);
  }

  fail(kind: string): void {
    this.failed = true;
    this.span.setAttribute(ATTRIBUTES.errorType, kind).setStatus({ code: SpanStatusCode.ERROR });
  }

  link(place: SpanPlace | undefined): void {
    if (place !== undefined) this.span.addLink({ context: place });
  }

  get place(): SpanPlace {
    return this.span.spanContext();
  }
}

/**
 * What kind of error this is: its code, else the name of its class. Never a message, and nothing that is not a single
 * word, whatever an application puts there.
 */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return OTHER_ERROR;
  const kinds: unknown[] = [(error as { code?: unknown }).code, error.name];
  return (
    (kinds.find((kind) => typeof kind === 'string' && KIND.test(kind)) as string | undefined) ?? OTHER_ERROR
  );
}

/** A class name, or a code as those of Node, of databases and of ours. */
const KIND = /^[A-Za-z_]\w{0,63}$/;

/**
 * Runs `run` inside a span, which ends when `run` has settled. Where it would not be recorded none is created, and what
 * `run` returns or throws goes through unchanged, at no cost.
 */
export function withSpan<T>(
  name: string,
  options: SpanOptions,
  run: (span: ActiveSpan) => T | Promise<T>,
): T | Promise<T> {
  if (!isTraced()) return run(UNRECORDED);
  const parent = options.root === true ? ROOT_CONTEXT : context.active();
  return isSeenBelow(parent) ? insideSpan(name, options, run, parent) : run(UNRECORDED);
}

async function insideSpan<T>(
  name: string,
  options: SpanOptions,
  run: (span: ActiveSpan) => T | Promise<T>,
  parent: Context,
): Promise<T> {
  const anchor = anchorBelow(trace.getSpan(parent));
  const span = trace
    .getTracer(SCOPE_NAME, LIBRARY_VERSION)
    .startSpan(name, spanOptions(options, anchor + performance.now()), parent);
  const inside = trace.setSpan(parent, span);
  if (!span.isRecording()) return context.with(inside, run, undefined, UNRECORDED);
  setAnchor(span, anchor);
  const active = new RecordedSpan(span);
  try {
    return await context.with(inside, run, undefined, active);
  } catch (error) {
    const { isFailure = isNoRefusal } = options;
    if (!active.failed && isFailure(error)) active.fail(errorType(error));
    throw error;
  } finally {
    span.end(anchor + performance.now());
  }
}

const spanOptions = ({ attributes, links = [] }: SpanOptions, startTime: number) => ({
  startTime,
  attributes: attributes?.() ?? {},
  links: links.map((place) => ({ context: place })),
});

/** True when a span created now would be recorded: an SDK is registered, and the active span is sampled. */
export const isRecorded = (): boolean => isTraced() && isSeenBelow(context.active());

/** False below a span that is not sampled; true where there is none, and the sampler decides. */
function isSeenBelow(parent: Context): boolean {
  const above = trace.getSpan(parent);
  return above === undefined || isSampled(above);
}

/** One that the sampler has selected, here or in the process that it came from. */
const isSampled = (span: Span): boolean =>
  span.isRecording() || (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

/** What the proxy delegates to while no SDK is registered. */
const NO_PROVIDER = new ProxyTracerProvider().getDelegate();

/** False while no SDK is registered. */
function isTraced(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== NO_PROVIDER;
}

/** The place of the span that is active now; undefined when none is recorded. */
export function activePlace(): SpanPlace | undefined {
  const span = trace.getActiveSpan();
  return span !== undefined && isSampled(span) ? span.spanContext() : undefined;
}

/** Runs `run` without baggage: HTTP clients would send it, users' ids included, to the identity provider. */
export function withoutBaggage<T>(run: () => T): T {
  return context.with(propagation.deleteBaggage(context.active()), run);
}
