import {
  SpanStatusCode,
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
  type SpanStatus,
} from '@opentelemetry/api';

/** An ended span: the SDK's ReadableSpan, as far as SDK 2 and 3 have it in common. */
export interface CapturedSpan {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  readonly links: readonly Link[];
  readonly events: readonly { readonly name: string; readonly attributes?: Attributes }[];
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly parentSpanContext?: SpanContext;
  spanContext(): SpanContext;
}

/** The target of a span link; it has a name if that span was captured too. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly name?: string;
}

/** A span as a plain object, with its children in order of their start. */
export interface SpanNode {
  readonly name: string;
  readonly attributes: Attributes;
  readonly status: 'UNSET' | 'OK' | 'ERROR';
  readonly links: readonly SpanLink[];
  readonly children: readonly SpanNode[];
  /** Milliseconds since 1970, with a fraction. */
  readonly startMs: number;
  /** Milliseconds since 1970, with a fraction. */
  readonly endMs: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** Arranges spans as trees; a span whose parent is not among them is a root. */
export function treeOf(spans: readonly CapturedSpan[]): SpanNode[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const parentOf = ({ parentSpanContext }: CapturedSpan) => byId.get(parentSpanContext?.spanId ?? '');
  const below = (parent: CapturedSpan | undefined): SpanNode[] =>
    spans.filter((span) => parentOf(span) === parent).map((span) => nodeOf(span, below(span), byId));
  return below(undefined);
}

function nodeOf(span: CapturedSpan, children: SpanNode[], byId: ReadonlyMap<string, CapturedSpan>): SpanNode {
  const { name, attributes, status, links, startTime, endTime } = span;
  const { traceId, spanId } = span.spanContext();
  return {
    name,
    attributes: { ...attributes },
    status: STATUS_NAMES[status.code],
    links: links.map(({ context }) => linkTo(context, byId.get(context.spanId)?.name)),
    children,
    startMs: inMs(startTime),
    endMs: inMs(endTime),
    traceId,
    spanId,
  };
}

const STATUS_NAMES = {
  [SpanStatusCode.UNSET]: 'UNSET',
  [SpanStatusCode.OK]: 'OK',
  [SpanStatusCode.ERROR]: 'ERROR',
} as const;

const linkTo = ({ traceId, spanId }: SpanContext, name: string | undefined): SpanLink => ({
  traceId,
  spanId,
  ...(name === undefined ? {} : { name }),
});

const inMs = ([seconds, nanoseconds]: HrTime): number => seconds * 1e3 + nanoseconds / 1e6;
