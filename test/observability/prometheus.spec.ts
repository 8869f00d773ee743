import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NodeProcess, responds } from '../support/child-process.js';
import { freePort } from '../support/free-port.js';
import { isInstalled } from '../support/installed.js';
import { Prometheus, scraping } from '../support/prometheus.js';

const read = (path: string): string =>
  readFileSync(new URL(`../../observability/${path}`, import.meta.url), 'utf8');

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Every query of every panel, with its variables filled in. */
function panelQueries(): [string, string][] {
  const { panels } = JSON.parse(read('grafana/dashboards/nestjs-jwks-auth.json')) as { panels: Panel[] };
  const chosen = (expression: string) =>
    expression.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|instance)/g, '.*');
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [title, chosen(expr)]),
  );
}

/** What each alert compares with its threshold. */
function alertOperands(): [string, string][] {
  const rules = read('prometheus/alerts.yaml').matchAll(
    /- alert: (\w+)(?:\n\s+#.*)*\n\s+expr: (?:>-\n)?([^]*?)\n\s+for:/g,
  );
  return [...rules].map(([, name = '', expression = '']) => [name, expression.split(/ [<>] /)[0] ?? '']);
}

/** The orders application, scraped by a real Prometheus. */
describe.skipIf(!isInstalled('prometheus'))('Prometheus (skipped where it is not installed)', () => {
  let issuer: TestIssuer;
  let app: NodeProcess;
  let prometheus: Prometheus;
  let metrics: string;
  const over = new AbortController();
  beforeAll(async () => {
    issuer = await startTestIssuer();
    const [port, metricsPort] = [await freePort(), await freePort()];
    metrics = `127.0.0.1:${metricsPort}`;
    app = new NodeProcess(['--import', 'nestjs-jwks-auth/tracing', 'dist/apps/orders/main.js'], {
      PORT: String(port),
      ISSUER: issuer.issuer,
      AUDIENCE: issuer.audience,
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
    });
    const url = `http://127.0.0.1:${port}`;
    await app.ready(responds(`${url}/health`));
    prometheus = await Prometheus.start(scraping(metrics));
    void useApi(url);
  });
  afterAll(async () => {
    over.abort();
    app.kill('SIGKILL');
    await Promise.all([prometheus.stop(), issuer.close()]);
  });

  /** All that a dashboard can show: good and bad tokens, unknown kids, and an issuer that fails at times. */
  async function useApi(url: string): Promise<void> {
    const unpublished = await issuer.createKey();
    while (!over.signal.aborted) {
      await call(url, issuer.token());
      await call(url, issuer.token({ exp: 1 }));
      issuer.fault({ status: 500 });
      await call(url, issuer.token({}, { key: unpublished }));
      issuer.fault(undefined);
    }
  }

  async function call(url: string, token: string): Promise<void> {
    await fetch(`${url}/orders`, { headers: { authorization: `Bearer ${token}` } }).catch(() => {});
  }

  it.each(panelQueries())('has data for the panel "%s": %s', { timeout: 30_000 }, async (_title, query) => {
    await vi.waitFor(async () => expect(await prometheus.query(query)).not.toEqual([]), {
      timeout: 25_000,
      interval: 250,
    });
  });

  it.each(alertOperands())('has data for the alert %s: %s', { timeout: 30_000 }, async (_name, query) => {
    await vi.waitFor(async () => expect(await prometheus.query(query)).not.toEqual([]), {
      timeout: 25_000,
      interval: 250,
    });
  });

  it('accepts every line that the application exposes', async () => {
    const input = await (await fetch(`http://${metrics}/metrics`)).text();
    expect(input).toContain('jwt_authenticate_duration_bucket');
    const run = () =>
      execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' });
    expect(run()).toBe('');
  });
});
