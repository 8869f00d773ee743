import type { HrTime, Span } from '@opentelemetry/api';

/**
 * How the spans of the SDK, versions 2 and 3, hold their start: later times count from it by the monotonic
 * clock, unless the start was given.
 */
interface CountingSpan {
  readonly startTime?: HrTime;
  readonly _performanceStartTime?: number;
  readonly _startTimeProvided?: boolean;
}

const anchors = new WeakMap<Span, number>();

/**
 * What is added to `performance.now()` below this span to have the time, in milliseconds since 1970.
 *
 * Span start times have a resolution of 1 ms in the JavaScript API, so spans shorter than that come out misplaced,
 * before or beside their parent. Therefore one clock serves a whole tree: that of the span of ours at its root, which
 * in turn keeps that of the span above it.
 */
export function anchorBelow(parent: Span | undefined): number {
  return (parent && anchors.get(parent)) ?? anchorOf(parent) ?? Date.now() - performance.now();
}

/** Sets the anchor from which this span and those below it take their times. */
export function setAnchor(span: Span, anchor: number): void {
  anchors.set(span, anchor);
}

/** The anchor of a span that is not ours; undefined when it cannot be known. */
function anchorOf(span: Span | undefined): number | undefined {
  const { startTime, _performanceStartTime: startedAt, _startTimeProvided } = (span ?? {}) as CountingSpan;
  if (startTime === undefined || startedAt === undefined || _startTimeProvided !== false) return undefined;
  return startTime[0] * 1e3 + startTime[1] / 1e6 - startedAt;
}
