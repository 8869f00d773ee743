import { describe, expect, it } from 'vitest';
import { receivedSpan } from '../../../test/support/received-span.js';
import { toOtlp } from './otlp-export.js';
import { parseTraces } from './otlp-request.js';

const spans = [
  receivedSpan({
    spanId: '1'.repeat(16),
    kind: 2,
    attributes: { list: ['a', 1], half: 0.5, one: 1, yes: true },
  }),
  receivedSpan({
    spanId: '2'.repeat(16),
    parentSpanId: '1'.repeat(16),
    scope: 'another',
    status: 2,
    statusMessage: 'away',
    startTimeUnixNano: '1000000001',
    events: [{ name: 'retry', timeUnixNano: '1000000002', attributes: { attempt: 2 } }],
    links: [{ traceId: 'f'.repeat(32), spanId: '3'.repeat(16), attributes: { why: 'waited' } }],
  }),
  receivedSpan({ spanId: '4'.repeat(16), resource: { 'service.name': 'naive' } }),
];

describe('a trace as OTLP JSON', () => {
  it('says when it is read again what the spans said', () => {
    const read = parseTraces(JSON.parse(JSON.stringify(toOtlp(spans))));
    const expected = spans.map((span) => ({ ...span, startMs: Number(span.startTimeUnixNano) / 1e6 }));
    expect(read).toEqual(expected);
  });

  it('groups spans by process and by instrumentation', () => {
    const { resourceSpans } = toOtlp(spans) as { resourceSpans: { scopeSpans: { spans: object[] }[] }[] };
    const counts = resourceSpans.map(({ scopeSpans }) => scopeSpans.map((scope) => scope.spans.length));
    expect(counts).toEqual([[1, 1], [1]]);
  });
});
