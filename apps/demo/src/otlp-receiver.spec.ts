import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receivedSpan, TRACE_ID } from '../../../test/support/received-span.js';
import { toOtlp } from './otlp-export.js';
import { OtlpReceiver } from './otlp-receiver.js';

describe('the OTLP receiver', () => {
  let receiver: OtlpReceiver;
  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
  });
  afterEach(() => receiver.stop());
  const post = (body: string, type = 'application/json', to = receiver) =>
    fetch(`${to.endpoint}/v1/traces`, { method: 'POST', headers: { 'content-type': type }, body });
  const span = receivedSpan({ name: 'jwt.verify', links: [{ ...receivedSpan(), attributes: {} }] });
  const good = JSON.stringify(toOtlp([span]));

  it('stores spans', async () => {
    expect((await post(good)).status).toBe(200);
    expect(receiver.traces.trace(TRACE_ID).map(({ name }) => name)).toEqual(['jwt.verify']);
  });

  it('answers 400 to what is no JSON, and goes on', async () => {
    expect((await post('{"resourceSpans":')).status).toBe(400);
    expect((await post(good)).status).toBe(200);
  });

  it('refuses what a web page can send without a CORS preflight', async () => {
    expect((await post(good, 'text/plain')).status).toBe(415);
    expect(receiver.traces.traceIds).toEqual([]);
  });

  it('refuses a body that is too long', async () => {
    const long = `${' '.repeat(5 * 1024 * 1024)}${good}`;
    expect((await post(long)).status).toBe(413);
    expect(receiver.traces.traceIds).toEqual([]);
  });

  it('forwards spans to a collector, and works without one that is down', async () => {
    const first = await OtlpReceiver.start(receiver.endpoint);
    await post(good, 'application/json', first);
    expect(receiver.traces.traceIds).toEqual([TRACE_ID]);
    receiver.stop();
    expect((await post(good, 'application/json', first)).status).toBe(200);
    first.stop();
  });
});
