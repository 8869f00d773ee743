import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodeProcess } from '../../support/child-process.js';
import { freePort } from '../../support/free-port.js';
import { OtlpCollector } from '../../support/otlp-collector.js';

/** What both kinds of module begin with; it defines `http` and `api`. */
const IMPORTS = {
  module: `import http from 'node:http'; import * as api from '@opentelemetry/api';`,
  commonjs: `const http = require('node:http'); const api = require('@opentelemetry/api');`,
};
const SPAN = `api.trace.getTracer('app').startSpan('work').end();`;
const COUNT = `api.metrics.getMeter('app').createCounter('worked').add(1);`;
/** Reports that it is up and then waits for requests. */
const SERVE = `const server = http.createServer((request, response) => response.end('ok'));
  server.listen(process.env.PORT ?? 0, '127.0.0.1', () => console.log('ready'));`;

// Each process loads the whole SDK.
vi.setConfig({ testTimeout: 120_000 });

let collector: OtlpCollector;
beforeEach(async () => {
  collector = await OtlpCollector.start();
});
afterEach(() => collector.stop());

type ModuleType = keyof typeof IMPORTS;
const run = (type: ModuleType, script: string, env: NodeJS.ProcessEnv = {}) =>
  new NodeProcess(
    ['--import', 'nestjs-jwks-auth/tracing', `--input-type=${type}`, '--eval', IMPORTS[type] + script],
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...env },
  );
const isUp = (app: NodeProcess) => app.ready(() => app.output.includes('ready'));
const received = () => [
  collector.spans.map(({ name }) => name),
  collector.metrics.filter(({ scope }) => scope.name === 'app').map(({ name }) => name),
];

describe.each(['module', 'commonjs'] as const)('a traced process of type %s', (type) => {
  it('exports the remaining spans when it ends by itself', async () => {
    await using app = run(type, SPAN + COUNT);
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(received()).toEqual([['work'], ['worked']]);
  });

  it('exports the remaining spans on SIGTERM, and ends by it without other listeners', async () => {
    await using app = run(type, SPAN + COUNT + SERVE);
    await isUp(app);
    app.kill('SIGTERM');
    expect(await app.ended).toEqual({ code: null, signal: 'SIGTERM' });
    expect(received()).toEqual([['work'], ['worked']]);
  });
});

describe('a traced process', () => {
  it.each(['on', 'once'])(
    'leaves the exit to a listener set with %s(), and exports the spans until then',
    async (on) => {
      const drain = `process.${on}('SIGTERM', () => setTimeout(() => {
      api.trace.getTracer('app').startSpan('drained').end();
      server.close();
    }, 300));`;
      await using app = run('module', SPAN + SERVE + drain);
      await isUp(app);
      app.kill('SIGTERM');
      expect(await app.ended).toEqual({ code: 0, signal: null });
      expect(collector.spans.map(({ name }) => name)).toEqual(['work', 'drained']);
    },
  );

  it('crashes as it would without tracing', async () => {
    await using app = run('module', `${SPAN} setTimeout(() => { throw new RangeError('a crash'); }, 10);`);
    expect(await app.ended).toEqual({ code: 1, signal: null });
    expect(app.output).toContain('RangeError: a crash');
  });
});

describe('the standard variables', () => {
  it('start nothing when none of them is set', async () => {
    const script = `console.log(api.trace.getTracer('x').startSpan('x').isRecording());`;
    await using app = run('module', script, { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_SERVICE_NAME: 'app' });
    await app.ended;
    expect(app.output).toBe('false\n');
  });

  it('disable everything with OTEL_SDK_DISABLED', async () => {
    await using app = run('module', SPAN + COUNT, { OTEL_SDK_DISABLED: 'true' });
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(received()).toEqual([[], []]);
  });

  it('send metrics without traces with OTEL_TRACES_EXPORTER=none', async () => {
    await using app = run('module', SPAN + COUNT, { OTEL_TRACES_EXPORTER: 'none' });
    await app.ended;
    expect(received()).toEqual([[], ['worked']]);
  });

  it('choose the sampler', async () => {
    await using app = run('module', SPAN + COUNT, { OTEL_TRACES_SAMPLER: 'always_off' });
    await app.ended;
    expect(received()).toEqual([[], ['worked']]);
  });

  it('name a collector that is not running, and the process ends all the same', async () => {
    const port = await freePort();
    await using app = run('module', SPAN, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    expect(await app.ended).toEqual({ code: 0, signal: null });
  });

  it('open an endpoint for Prometheus, whose scrapes are no requests of the application', async () => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    await using app = run('module', COUNT + SERVE, {
      PORT: String(port),
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
    });
    await isUp(app);
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    const scraped = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(scraped).toMatch(/^worked_total\{.*\} 1$/m);
    app.kill('SIGTERM');
    expect(await app.ended).toEqual({ code: null, signal: 'SIGTERM' });
    expect(collector.spans.map(({ attributes }) => attributes['url.path'])).toEqual(['/']);
    expect(collector.metrics).toEqual([]);
  });
});
