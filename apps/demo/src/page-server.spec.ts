import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receivedSpan, TRACE_ID } from '../../../test/support/received-span.js';
import { PageServer } from './page-server.js';
import { TraceBuffer } from './trace-buffer.js';

const folder = new URL('./page/', import.meta.url);

describe('the page server', () => {
  let traces: TraceBuffer;
  let page: PageServer;
  beforeEach(async () => {
    traces = new TraceBuffer();
    page = await PageServer.start(0, traces);
  });
  afterEach(() => page.stop());

  it('listens on loopback, and serves the page with its parts', async () => {
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const answer = await fetch(page.url);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const parts = [...(await answer.text()).matchAll(/(?:src|href)="([\w.-]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(parts).toEqual(['icon.svg', 'palette.css', 'page.css', 'page.js']);
    for (const part of parts) expect((await fetch(page.url + part)).status).toBe(200);
  });

  it.each([
    'evil.example',
    'evil.example:3002',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    '10.0.0.1',
  ])('refuses the Host %s, as a rebound DNS name would send it', async (host) => {
    const { port } = new URL(page.url);
    expect(await statusFor(page.url, host)).toBe(403);
    expect(await statusFor(page.url, `localhost:${port}`)).toBe(200);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'refuses %s, and names the methods that it allows',
    async (method) => {
      const answer = await fetch(page.url, { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
      expect((await fetch(page.url, { method: 'HEAD' })).status).toBe(200);
    },
  );

  it('lets nothing from elsewhere in, and no other site read it', async () => {
    const { headers } = await fetch(page.url, { headers: { origin: 'https://evil.example' } });
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each(['%2e%2e/page-server.js', '..%2fmain.js', 'tsconfig.json', 'traces/x/jaeger.json', 'constructor'])(
    'has no %s',
    async (path) => {
      expect((await fetch(page.url + path)).status).toBe(404);
    },
  );

  it.each(['jaeger', 'otlp'])('hands a trace out as a file of %s JSON', async (format) => {
    traces.add([receivedSpan()]);
    const answer = await fetch(`${page.url}traces/${TRACE_ID}/${format}.json`);
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="${TRACE_ID}.${format}.json"`,
    );
    expect(JSON.stringify(await answer.json())).toContain('a span');
    expect((await fetch(`${page.url}traces/${'0'.repeat(32)}/${format}.json`)).status).toBe(404);
  });

  it('sends what there is and then each update, and keeps the traces of scenes', async () => {
    traces.add([receivedSpan({ name: 'before' })]);
    const answer = await fetch(`${page.url}events`);
    const events = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const until = async (text: string): Promise<string> => {
      let read = '';
      while (!read.includes(text)) read += (await events.read()).value ?? '';
      return read;
    };
    expect(await until('event: ready')).toMatch(/event: trace\ndata: \[.*"before".*\]\n\n/);
    traces.add([receivedSpan({ spanId: 'c'.repeat(16), name: 'a </script>\nevent: scenes' })]);
    expect(await until('</script>')).toMatch(
      /^event: trace\ndata: .*"before".*<\/script>\\nevent: scenes.*\n\n$/,
    );
    const applications = [{ title: 'ours', traces: [{ label: 'first', traceId: TRACE_ID }] }];
    page.show({ id: 'cold', title: 'Cold start', result: 'one waits', caption: 'Look.', applications });
    expect(await until('Cold start')).toContain('event: scenes');
    for (let index = 0; index < 300; index += 1)
      traces.add([receivedSpan({ traceId: index.toString(16).padStart(32, '0') })]);
    expect(traces.trace(TRACE_ID)).toHaveLength(2);
    await events.cancel();
  });

  it('is less than 40 KB in all', async () => {
    const sizes = await Promise.all(
      (await readdir(folder)).map(async (name) => (await stat(new URL(name, folder))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(40_000);
  });
});

/** `fetch` sets the Host by itself. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const [answer] = (await once(get(url, { headers: { host } }), 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
