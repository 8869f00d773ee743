import { describe, expect, it } from 'vitest';
import { receivedSpan, TRACE_ID } from '../../../test/support/received-span.js';
import { toJaeger } from './jaeger-export.js';

const parent = receivedSpan({
  spanId: '1'.repeat(16),
  name: 'GET /orders',
  kind: 2,
  parentSpanId: '9'.repeat(16),
});
const child = receivedSpan({
  spanId: '2'.repeat(16),
  parentSpanId: parent.spanId,
  name: 'jwks.fetch',
  resource: { 'service.name': 'issuer', 'process.pid': 7 },
  startMs: 1_000.25,
  endMs: 1_250.5,
  status: 2,
  statusMessage: 'away',
  attributes: {
    'jwks.key.count': 1,
    'jwks.cache.age': 0.5,
    flag: true,
    'jwks.issuer': 'x',
    list: ['a', 'b'],
  },
  events: [{ name: 'retry', timeUnixNano: '1001000000', attributes: { attempt: 2 } }],
  links: [{ traceId: 'f'.repeat(32), spanId: '3'.repeat(16), attributes: {} }],
});

describe('a trace as Jaeger JSON', () => {
  it('has spans with whole microseconds, tags with types, logs, and references: the parent first', () => {
    const { data } = toJaeger([parent, child]) as { data: { spans: object[] }[] };
    expect(data).toHaveLength(1);
    expect(data[0]?.spans[1]).toEqual({
      traceID: TRACE_ID,
      spanID: child.spanId,
      operationName: 'jwks.fetch',
      references: [
        { refType: 'CHILD_OF', traceID: TRACE_ID, spanID: parent.spanId },
        { refType: 'FOLLOWS_FROM', traceID: 'f'.repeat(32), spanID: '3'.repeat(16) },
      ],
      startTime: 1_000_250,
      duration: 250_250,
      tags: [
        { key: 'jwks.key.count', type: 'int64', value: 1 },
        { key: 'jwks.cache.age', type: 'float64', value: 0.5 },
        { key: 'flag', type: 'bool', value: true },
        { key: 'jwks.issuer', type: 'string', value: 'x' },
        { key: 'list', type: 'string', value: '["a","b"]' },
        { key: 'span.kind', type: 'string', value: 'internal' },
        { key: 'otel.status_code', type: 'string', value: 'ERROR' },
        { key: 'otel.status_description', type: 'string', value: 'away' },
        { key: 'error', type: 'bool', value: true },
        { key: 'otel.scope.name', type: 'string', value: 'test' },
        { key: 'otel.scope.version', type: 'string', value: '1.2.3' },
      ],
      logs: [
        {
          timestamp: 1_001_000,
          fields: [
            { key: 'event', type: 'string', value: 'retry' },
            { key: 'attempt', type: 'int64', value: 2 },
          ],
        },
      ],
      processID: 'p2',
      warnings: null,
    });
  });

  it('lists each process once, and names no parent that is not there', () => {
    const { data } = toJaeger([parent, child, { ...child, spanId: '4'.repeat(16) }]) as {
      data: { spans: { references: object[]; processID: string }[]; processes: object }[];
    };
    expect(data[0]?.processes).toEqual({
      p1: { serviceName: 'orders', tags: [] },
      p2: { serviceName: 'issuer', tags: [{ key: 'process.pid', type: 'int64', value: 7 }] },
    });
    expect(data[0]?.spans.map(({ processID }) => processID)).toEqual(['p1', 'p2', 'p2']);
    expect(data[0]?.spans[0]?.references).toEqual([]);
  });
});
