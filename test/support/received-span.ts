import type { ReceivedSpan } from '../../apps/demo/src/received-span.js';

export const TRACE_ID = 'a'.repeat(32);

/** A span of one millisecond as the demo receives it, with changes. */
export function receivedSpan(changes: Partial<ReceivedSpan> = {}): ReceivedSpan {
  const { startMs = 1_000, endMs = startMs + 1 } = changes;
  return {
    traceId: TRACE_ID,
    spanId: 'b'.repeat(16),
    parentSpanId: undefined,
    name: 'a span',
    resource: { 'service.name': 'orders' },
    scope: 'test',
    scopeVersion: '1.2.3',
    kind: 1,
    status: 0,
    statusMessage: '',
    startMs,
    endMs,
    startTimeUnixNano: String(startMs * 1e6),
    endTimeUnixNano: String(endMs * 1e6),
    attributes: {},
    events: [],
    links: [],
    ...changes,
  };
}
