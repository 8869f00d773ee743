import { context, ROOT_CONTEXT, trace, TraceFlags, type SpanContext } from '@opentelemetry/api';
import { captureSpans, type CapturedSpans, type SpanNode } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOUR } from '../../test/support/constants.js';
import { AuthError } from '../common/auth.error.js';
import { errorType, withSpan } from './span.js';

let spans: CapturedSpans;
beforeEach(async () => {
  spans = await captureSpans();
});
afterEach(() => {
  vi.restoreAllMocks();
  spans.stop();
});

const TRACES = 200;
const noop = (): void => {};
const place = (more: Partial<SpanContext>): SpanContext => ({
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  traceFlags: TraceFlags.NONE,
  ...more,
});
const below = <T>(parent: SpanContext, run: () => T) =>
  context.with(trace.setSpanContext(ROOT_CONTEXT, parent), run);
/** A guarded request: a look-up and then a signature check, each far shorter than a millisecond. */
const request = () =>
  withSpan('request', {}, async () => {
    await withSpan('first', {}, () => withSpan('inner', {}, noop));
    await withSpan('second', {}, noop);
  });

/** What a request does before it reaches its guard. */
function busyFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

function isWellPlaced({ startMs, endMs, children }: SpanNode): boolean {
  const edges = [startMs, ...children.flatMap((child) => [child.startMs, child.endMs]), endMs];
  return edges.every((edge, i) => edge >= (edges[i - 1] ?? -Infinity)) && children.every(isWellPlaced);
}
const misplaced = () => spans.tree().filter((root) => !isWellPlaced(root));

describe('a span shorter than a millisecond', () => {
  it('lies inside its parent and beside its siblings', async () => {
    for (let i = 0; i < TRACES; i += 1) await request();
    expect(spans.tree()).toHaveLength(TRACES);
    expect(misplaced()).toEqual([]);
  });

  it('lies inside a parent that the instrumentation of HTTP servers has made', async () => {
    const tracer = trace.getTracer('http');
    for (let i = 0; i < TRACES; i += 1) {
      await tracer.startActiveSpan('GET', async (server) => {
        busyFor((i % 10) / 10);
        await request();
        server.end();
      });
    }
    expect(spans.tree()).toHaveLength(TRACES);
    expect(misplaced()).toEqual([]);
  });

  it('lies inside its parent when the wall clock is set in between, or the machine has slept', async () => {
    const now = Date.now();
    const tracer = trace.getTracer('http');
    for (const jumpMs of [HOUR, -HOUR]) {
      await tracer.startActiveSpan('GET', async (server) => {
        vi.spyOn(Date, 'now').mockReturnValue(now + jumpMs);
        await withSpan('outer', {}, async () => {
          vi.spyOn(Date, 'now').mockReturnValue(now - jumpMs);
          await request();
        });
        server.end();
      });
      vi.restoreAllMocks();
    }
    expect(spans.named('inner')).toHaveLength(2);
    expect(misplaced()).toEqual([]);
  });

  it('has the present time below a span with an explicit start', async () => {
    const before = Date.now();
    const queued = trace.getTracer('queue').startSpan('job', { startTime: before - 60_000 });
    await context.with(trace.setSpan(ROOT_CONTEXT, queued), request);
    queued.end();
    expect(spans.tree()[0]?.children[0]?.startMs).toBeGreaterThanOrEqual(before);
  });
});

describe('sampling', () => {
  it('makes no span below one that was turned down', async () => {
    await below(place({}), request);
    expect(spans.spans).toEqual([]);
    await request();
    expect(spans.spans).toHaveLength(4);
  });

  it('continues below a sampled span of another process', async () => {
    await below(place({ isRemote: true, traceFlags: TraceFlags.SAMPLED }), request);
    expect(spans.named('request')[0]?.spanContext().traceId).toBe('1'.repeat(32));
  });
});

describe('what is thrown', () => {
  const statusOf = async (error: unknown) => {
    spans.clear();
    const thrown = withSpan('request', {}, () => {
      throw error;
    });
    await expect(thrown).rejects.toBe(error);
    const [span] = spans.tree();
    return [span?.status, span?.attributes['error.type']];
  };

  it('is an outcome when it is a refusal, and an ERROR otherwise', async () => {
    expect(await statusOf(new AuthError('expired'))).toEqual(['UNSET', undefined]);
    expect(await statusOf(new AuthError('keys_unavailable'))).toEqual(['ERROR', 'keys_unavailable']);
    expect(await statusOf(new RangeError('secret'))).toEqual(['ERROR', 'RangeError']);
    expect(spans.spans.flatMap(({ events }) => events)).toEqual([]);
  });

  it('is recorded by a code or a class name, and by nothing that could be data', () => {
    const coded = (code: unknown) => errorType(Object.assign(new TypeError('secret'), { code }));
    expect(coded('ECONNREFUSED')).toBe('ECONNREFUSED');
    expect(coded('no user ada@example.com')).toBe('TypeError');
    expect(coded(42)).toBe('TypeError');
    expect(errorType(Object.assign(new Error('secret'), { name: 'no such user: ada' }))).toBe('_OTHER');
    expect(errorType('a string')).toBe('_OTHER');
  });
});
