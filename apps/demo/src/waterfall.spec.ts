import { describe, expect, it } from 'vitest';
import { receivedSpan } from '../../../test/support/received-span.js';
import type { ReceivedSpan } from './received-span.js';
import { formatMs, waterfall } from './waterfall.js';

const span = (
  spanId: string,
  parentSpanId: string | undefined,
  startMs: number,
  endMs: number,
): ReceivedSpan => receivedSpan({ spanId, parentSpanId, name: spanId, startMs, endMs });
const trace = [
  span('root', 'remote', 0, 100),
  span('middle', 'root', 0, 100),
  span('leaf', 'middle', 50, 75),
];

describe('a waterfall', () => {
  it('draws children under their parents, with bars on one time axis', () => {
    const bars = waterfall(trace, { width: 4 }).map((line) => line.replace(/ {2,}│/, ' │'));
    expect(bars).toEqual([
      '  root │████│    100 ms',
      '    middle │████│    100 ms',
      '      leaf │  █ │   25.0 ms',
    ]);
  });

  it('uses a common time axis, and marks what is too short for it', () => {
    const [root = ''] = waterfall([span('root', undefined, 0, 1)], { width: 10, scaleMs: 1_000 });
    expect(root).toContain('│▏         │    1.0 ms');
  });

  it('names the path of an outgoing request', () => {
    const url = 'http://127.0.0.1:4000/jwks?tenant=1';
    const request = receivedSpan({ name: 'GET', kind: 3, attributes: { 'url.full': url } });
    expect(waterfall([request])[0]).toMatch(/^  GET \/jwks +│/);
    expect(waterfall([{ ...request, kind: 2 }])[0]).toMatch(/^  GET +│/);
  });

  it('colours only when asked to', () => {
    expect(waterfall(trace, { colours: true }).join()).toContain('\u001b[');
    expect(waterfall(trace).join()).not.toContain('\u001b[');
  });

  it('formats durations for people', () => {
    expect([0.0204, 3.26, 264.6].map(formatMs)).toEqual(['20 µs', '3.3 ms', '265 ms']);
  });
});
