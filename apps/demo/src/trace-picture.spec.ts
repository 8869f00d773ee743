import { describe, expect, it } from 'vitest';
import { receivedSpan } from '../../../test/support/received-span.js';
import { drawPicture } from './trace-picture.js';

const root = receivedSpan({ spanId: '1', name: 'GET /orders', kind: 2, startMs: 5_000, endMs: 5_100 });
const fetched = receivedSpan({
  spanId: '2',
  parentSpanId: '1',
  name: 'jwks.fetch',
  status: 2,
  startMs: 5_050,
  endMs: 5_100,
  attributes: { 'jwks.fetch.trigger': 'refresh', 'server.address': 'secret-host', 'url.full': '/private/me' },
  resource: { 'service.name': 'orders', 'host.name': 'secret-host' },
});
const bars = (svg: string) =>
  [...svg.matchAll(/<rect x="(\d+)" y="[\d.]+" width="(\d+)" height="18"/g)].map(([, x, width]) =>
    [x, width].map(Number),
  );

describe('a picture of traces', () => {
  it('has all of them on one time axis', () => {
    const short = receivedSpan({ spanId: '3', startMs: 9_000, endMs: 9_025 });
    const svg = drawPicture('Two', [
      { label: 'long', spans: [root, fetched] },
      { label: 'short', spans: [short] },
    ]);
    expect(bars(svg)).toEqual([
      [216, 620],
      [526, 310],
      [216, 155],
    ]);
  });

  it('ends what came before a request at zero, where the request starts', () => {
    const before = receivedSpan({ spanId: '3', startMs: 1_000, endMs: 1_100 });
    const svg = drawPicture('Two', [
      { label: 'a fetch', spans: [before], isBefore: true },
      { label: 'a request', spans: [root, fetched] },
    ]);
    expect(bars(svg)).toEqual([
      [216, 310],
      [526, 310],
      [681, 155],
    ]);
  });

  it('draws a request that is too short for the axis a second time, enlarged', () => {
    const short = [
      receivedSpan({ spanId: '3', startMs: 9_000, endMs: 9_010 }),
      receivedSpan({ spanId: '4', parentSpanId: '3', startMs: 9_005, endMs: 9_010 }),
    ];
    const svg = drawPicture('Two', [
      { label: 'long', spans: [root] },
      { label: 'short', spans: short },
    ]);
    expect(bars(svg)).toEqual([
      [216, 620],
      [216, 62],
      [216, 620],
      [526, 310],
    ]);
    expect(svg).toContain('>enlarged 10 times</text>');
  });

  it('shows the name, note and duration of each span, and which failed', () => {
    const svg = drawPicture('One', [{ label: 'a request', spans: [root, fetched] }]);
    expect(svg).toContain('>jwks.fetch</text>');
    expect(svg).toContain('>✖ refresh · 50.0 ms</text>');
  });

  it('identifies no machine and no date', () => {
    const svg = drawPicture('One', [{ label: 'a request', spans: [root, fetched] }]);
    expect(svg).not.toMatch(/secret-host|home|5000|5050/);
    const later = [root, fetched].map((span) => ({
      ...span,
      startMs: span.startMs + 7e6,
      endMs: span.endMs + 7e6,
    }));
    expect(drawPicture('One', [{ label: 'a request', spans: later }])).toBe(svg);
  });

  it('treats names as text', () => {
    const svg = drawPicture('<&">', [{ label: '<script>', spans: [receivedSpan({ name: '"><b>' })] }]);
    expect(svg).not.toMatch(/<script>|<b>/);
  });
});
