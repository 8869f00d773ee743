import { describe, expect, it } from 'vitest';
import { parseTraces } from './otlp-request.js';

const traceId = 'a'.repeat(32);
const spanId = 'b'.repeat(16);
const good = {
  traceId,
  spanId,
  parentSpanId: 'C'.repeat(16),
  name: 'jwks.fetch',
  kind: 1,
  startTimeUnixNano: '1700000000000000001',
  endTimeUnixNano: '1700000000250000000',
  attributes: [
    { key: 'text', value: { stringValue: 'x' } },
    { key: 'whole', value: { intValue: '7' } },
    { key: 'fraction', value: { doubleValue: 0.5 } },
    { key: 'flag', value: { boolValue: false } },
    { key: 'several', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } } },
  ],
  events: [{ name: 'retry', timeUnixNano: '1700000000100000000', attributes: [] }],
  links: [{ traceId: 'D'.repeat(32), spanId: 'e'.repeat(16), attributes: [] }],
  status: { code: 2, message: 'away' },
};
const requestOf = (...spans: unknown[]) => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'orders' } }] },
      scopeSpans: [{ scope: { name: 'nestjs-jwks-auth', version: '0.1.0' }, spans }],
    },
  ],
});

describe('an OTLP export', () => {
  it('is read whole: resource, scope, ids, times, attributes, events, links and status', () => {
    expect(parseTraces(requestOf(good))).toEqual([
      {
        traceId,
        spanId,
        parentSpanId: 'c'.repeat(16),
        name: 'jwks.fetch',
        resource: { 'service.name': 'orders' },
        scope: 'nestjs-jwks-auth',
        scopeVersion: '0.1.0',
        kind: 1,
        status: 2,
        statusMessage: 'away',
        startMs: 1_700_000_000_000,
        endMs: expect.closeTo(1_700_000_000_250, 2) as number,
        startTimeUnixNano: '1700000000000000001',
        endTimeUnixNano: '1700000000250000000',
        attributes: { text: 'x', whole: 7, fraction: 0.5, flag: false, several: ['a', 1] },
        events: [{ name: 'retry', timeUnixNano: '1700000000100000000', attributes: {} }],
        links: [{ traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), attributes: {} }],
      },
    ]);
  });

  it.each([
    ['a trace id of another length', { traceId: 'aa' }],
    ['a span id that is not hexadecimal', { spanId: '../../etc/passwd' }],
    ['a start that is no number', { startTimeUnixNano: 'soon' }],
    ['an end before the start', { endTimeUnixNano: '1' }],
  ])('leaves a span out that has %s, and keeps the next', (_, changes) => {
    const spans = parseTraces(requestOf({ ...good, ...changes }, good));
    expect(spans.map((span) => span.name)).toEqual(['jwks.fetch']);
  });

  it.each([undefined, null, 7, [], { resourceSpans: 'x' }, { resourceSpans: [null, { scopeSpans: [7] }] }])(
    'may be no export at all: %j',
    (request) => {
      expect(parseTraces(request)).toEqual([]);
    },
  );

  it('is cut where it is too long, since it is kept in memory', () => {
    const attributes = Array.from({ length: 1_000 }, (_, index) => ({
      key: `k${index}`,
      value: { stringValue: 'v' },
    }));
    const [span] = parseTraces(requestOf({ ...good, name: 'n'.repeat(1e6), attributes }));
    expect(span?.name).toHaveLength(2_048);
    expect(Object.keys(span?.attributes ?? {})).toHaveLength(128);
  });

  it('cannot set a prototype', () => {
    const attributes = [{ key: '__proto__', value: { stringValue: 'x' } }];
    const [span] = parseTraces(requestOf({ ...good, attributes }));
    expect(Object.getPrototypeOf(span?.attributes)).toBe(Object.prototype);
  });
});
