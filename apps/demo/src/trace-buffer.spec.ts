import { describe, expect, it } from 'vitest';
import { receivedSpan } from '../../../test/support/received-span.js';
import { TraceBuffer } from './trace-buffer.js';

const spanOf = (traceId: string, spanId = 'one', startMs = 1_000) =>
  receivedSpan({ traceId, spanId, startMs });

describe('a trace buffer', () => {
  it('keeps the spans of a trace in order of their start, whenever they arrive', () => {
    const buffer = new TraceBuffer();
    buffer.add([spanOf('a', 'late', 2_000)]);
    buffer.add([spanOf('b'), spanOf('a', 'early', 1_000)]);
    expect(buffer.trace('a').map(({ spanId }) => spanId)).toEqual(['early', 'late']);
    expect(buffer.trace('c')).toEqual([]);
  });

  it('keeps a span once, however often it is sent', () => {
    const buffer = new TraceBuffer();
    buffer.add([spanOf('a'), spanOf('a')]);
    buffer.add([spanOf('a')]);
    expect(buffer.trace('a')).toHaveLength(1);
  });

  it('evicts the oldest trace, except a pinned one', () => {
    const buffer = new TraceBuffer({ traces: 2, spansPerTrace: 10 });
    buffer.pin('a');
    for (const traceId of ['a', 'b', 'c', 'd']) buffer.add([spanOf(traceId)]);
    expect(buffer.traceIds).toEqual(['a', 'c', 'd']);
  });

  it('limits the spans of a trace', () => {
    const buffer = new TraceBuffer({ traces: 2, spansPerTrace: 3 });
    buffer.add(['1', '2', '3', '4'].map((spanId) => spanOf('a', spanId)));
    expect(buffer.trace('a')).toHaveLength(3);
  });

  it('notifies subscribers of traces that get spans, until they unsubscribe', () => {
    const buffer = new TraceBuffer();
    const notified: string[] = [];
    const unsubscribe = buffer.subscribe((traceId) => notified.push(traceId));
    buffer.add([spanOf('a', '1'), spanOf('a', '2'), spanOf('b')]);
    unsubscribe();
    buffer.add([spanOf('c')]);
    expect(notified).toEqual(['a', 'b']);
  });

  it('finds a span that arrives later', async () => {
    const buffer = new TraceBuffer();
    const found = buffer.find(({ traceId }) => traceId === 'a');
    buffer.add([spanOf('a')]);
    expect((await found)?.traceId).toBe('a');
    expect(await buffer.find(({ traceId }) => traceId === 'b', 0)).toBeUndefined();
  });
});
