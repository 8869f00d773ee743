import type { ReceivedSpan } from './received-span.js';

/** A span and its depth in the tree: 0 for a root. */
export interface PlacedSpan {
  readonly span: ReceivedSpan;
  readonly depth: number;
}

/** Parents before their children, siblings in the order given; a span whose parent is missing is a root. */
export function inTreeOrder(spans: readonly ReceivedSpan[]): PlacedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parent: string | undefined, depth: number): PlacedSpan[] =>
    spans
      .filter(({ parentSpanId = '' }) => (ids.has(parentSpanId) ? parentSpanId : undefined) === parent)
      .flatMap((span) => [{ span, depth }, ...below(span.spanId, depth + 1)]);
  return below(undefined, 0);
}

/** Removes the spans that are not `kept`; their children move up to the nearest ancestor that is. */
export function prune(spans: readonly ReceivedSpan[], kept: (span: ReceivedSpan) => boolean): ReceivedSpan[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = (span: ReceivedSpan): string | undefined => {
    let parent = byId.get(span.parentSpanId ?? '');
    while (parent !== undefined && !kept(parent)) parent = byId.get(parent.parentSpanId ?? '');
    return parent?.spanId;
  };
  return spans.filter(kept).map((span) => ({ ...span, parentSpanId: parentOf(span) }));
}

/** HTTP and authentication; the spans of the framework in between are left out. */
export const mainSpans = (spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] =>
  prune(spans, ({ scope }) => /instrumentation-http|^nestjs-jwks-auth$|^naive$/.test(scope));
