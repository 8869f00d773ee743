import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { captureSpans, type CapturedSpans } from './captured-spans.js';

let captured: CapturedSpans;
beforeEach(async () => {
  captured = await captureSpans();
});
afterEach(() => captured.stop());

const tracer = () => trace.getTracer('spec');
const names = () => captured.spans.map(({ name }) => name);
const inSpan = <T>(name: string, run: () => T | Promise<T>) =>
  tracer().startActiveSpan(name, async (span) => {
    try {
      return await run();
    } finally {
      span.end();
    }
  });

it('makes trees of spans, across awaits, in the order in which they started', async () => {
  await inSpan('request', async () => {
    await nextTurn();
    await Promise.all([inSpan('first', () => nextTurn()), inSpan('second', () => undefined)]);
    await inSpan('third', () => inSpan('inner', () => nextTurn()));
  });
  await inSpan('other', () => undefined);
  expect(names()).toEqual(['request', 'first', 'second', 'third', 'inner', 'other']);
  expect(captured.tree()).toMatchObject([
    {
      name: 'request',
      children: [
        { name: 'first', children: [] },
        { name: 'second', children: [] },
        { name: 'third', children: [{ name: 'inner', children: [] }] },
      ],
    },
    { name: 'other', children: [] },
  ]);
});

it('keeps attributes, status, links and times', () => {
  const cause = tracer().startSpan('cause', { startTime: 1_000.25 }, ROOT_CONTEXT);
  cause.setStatus({ code: SpanStatusCode.ERROR }).end(2_000.5);
  const foreign = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
  const links = [{ context: cause.spanContext() }, { context: foreign }];
  tracer()
    .startSpan('effect', { attributes: { answer: 42 }, links }, ROOT_CONTEXT)
    .end();
  const { traceId, spanId } = cause.spanContext();
  expect(captured.tree()).toMatchObject([
    {
      name: 'cause',
      status: 'ERROR',
      attributes: {},
      links: [],
      startMs: 1_000.25,
      endMs: 2_000.5,
      traceId,
      spanId,
    },
    {
      name: 'effect',
      status: 'UNSET',
      attributes: { answer: 42 },
      links: [
        { name: 'cause', traceId, spanId },
        { traceId: '1'.repeat(32), spanId: '2'.repeat(16) },
      ],
    },
  ]);
});

it('leaves out what has not ended, and what is below it stands alone', async () => {
  const open = tracer().startSpan('open');
  await context.with(trace.setSpan(context.active(), open), () => inSpan('inside', () => undefined));
  expect(captured.tree()).toMatchObject([{ name: 'inside', children: [] }]);
  open.end();
  expect(captured.tree()).toMatchObject([{ name: 'open', children: [{ name: 'inside' }] }]);
});

it('finds spans by name', async () => {
  await inSpan('a', () => inSpan('b', () => undefined));
  await inSpan('b', () => undefined);
  expect(captured.named('b')).toHaveLength(2);
  expect(captured.named('c')).toEqual([]);
});

it('forgets on clear(), what is still running too', async () => {
  const running = tracer().startSpan('running');
  await inSpan('done', () => undefined);
  captured.clear();
  running.end();
  await inSpan('new', () => undefined);
  expect(names()).toEqual(['new']);
});

it('leaves no tracer provider and no context behind after stop(), and keeps what it has', async () => {
  await inSpan('before', () => undefined);
  captured.stop();
  captured.stop();
  expect(tracer().startSpan('after').isRecording()).toBe(false);
  const active = await inSpan('after', () => trace.getActiveSpan());
  expect(active).toBeUndefined();
  expect(names()).toEqual(['before']);
  using next = await captureSpans();
  captured.stop();
  await inSpan('again', () => undefined);
  expect(next.named('again')).toHaveLength(1);
  expect(names()).toEqual(['before']);
});

it('refuses a second capture at the same time', async () => {
  await expect(captureSpans()).rejects.toThrow(/stop\(\)/);
  await inSpan('still', () => undefined);
  expect(names()).toEqual(['still']);
});
