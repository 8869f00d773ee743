import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { launchChromium, NO_CHROMIUM } from '../../support/chromium.js';
import { freePort } from '../../support/free-port.js';
import { OtlpCollector } from '../../support/otlp-collector.js';

const main = fileURLToPath(new URL('../../../dist/apps/demo/main.js', import.meta.url));
/** A limit that a slow or busy machine meets: an idle one needs a tenth of it. */
const STORY_LIMIT_MS = 300_000;
const WITHIN = { timeout: 30_000, interval: 50 };
const PORTS = ['ISSUER_PORT', 'ORDERS_PORT', 'NAIVE_PORT', 'PAGE_PORT'] as const;

async function freePorts(): Promise<Record<(typeof PORTS)[number], string>> {
  const entries = await Promise.all(PORTS.map(async (name) => [name, String(await freePort())]));
  return Object.fromEntries(entries) as Record<(typeof PORTS)[number], string>;
}

const start = (environment: Record<string, string>, ...parameters: string[]) =>
  spawn(process.execPath, [main, ...parameters], {
    env: { ...process.env, NO_COLOR: '1', OTEL_EXPORTER_OTLP_ENDPOINT: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

async function run(environment: Record<string, string>) {
  const child = start(environment, '--once');
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { out, errors, code: code as number };
}

describe('npm start -- --once', () => {
  let collector: OtlpCollector;
  let result: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    collector = await OtlpCollector.start();
    result = await run({ ...(await freePorts()), OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    collector.stop();
  }, STORY_LIMIT_MS);

  it('sends requests, draws waterfalls, plays the scenes, and ends by itself', () => {
    const { out, errors, code } = result;
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/GET \/orders +no token +401 +Bearer realm=/);
    expect(out).toMatch(/POST \/orders +only read:orders +403 +.*scope="write:orders"/);
    expect(out).toMatch(/fetch the keys +│.*█.*│ +\d+ ms/);
    expect(out).toMatch(/jwks\.get_key +│.*│ +[\d.]+ (µs|ms)/);
    expect(out).toMatch(/The requests took \d+ ms and .* ms: a factor of \d+\./);
    expect(out).toMatch(/Outage: .*\n +naive +a request with a valid token: status 401 +\d+ ms/);
    expect(out).toMatch(
      /nestjs-jwks-auth, keys for 2 s +a request with a valid token: status 200 +[\d.]+ ms/,
    );
  });

  it('draws the fetch at start as a waterfall of its own, before those of the requests', () => {
    const waterfalls = result.out.split('\n\n').filter((block) => block.includes('│'));
    const spans = waterfalls.map((block) =>
      block.split('\n').flatMap((line) => /^ {2}( *\S.*?) +│/.exec(line)?.[1] ?? []),
    );
    expect(spans).toEqual([
      ['jwks.fetch', '  GET /.well-known/openid-configuration', '  GET /jwks'],
      ['GET /orders', '  fetch the keys', '    GET /jwks'],
      ['GET /orders', '  jwt.authenticate', '    jwks.get_key', '    jwt.verify'],
    ]);
    expect(waterfalls[0]).toMatch(/^ {2}At start, before the first request: the keys are fetched/);
  });

  it('prints no address of what has ended with it', () => {
    expect(result.out).not.toMatch(/127\.0\.0\.1|localhost|curl/);
    expect(result.out).toContain('Without --once');
  });

  it('forwards the traces and the metrics of each application to a collector', () => {
    const services = (exported: OtlpCollector['spans'] | OtlpCollector['metrics']) =>
      [...new Set(exported.map(({ resource }) => resource['service.name']))].toSorted();
    const all = ['naive', 'naive-2s', 'orders', 'orders-2s'];
    expect([services(collector.spans), services(collector.metrics)]).toEqual([all, all]);
    const ofOrders = collector.metrics.filter(({ resource }) => resource['service.name'] === 'orders');
    expect(ofOrders.map(({ name }) => name)).toContain('jwks.keyset.time_to_expiry');
  });

  it('shows an issuer that answers 503 as an error of the HTTP client too', () => {
    const refused = collector.spans.filter(
      ({ kind, attributes, resource }) =>
        kind === 3 &&
        attributes['http.response.status_code'] === 503 &&
        resource['service.name'] === 'orders-2s',
    );
    expect(refused).not.toHaveLength(0);
    expect(refused.filter(({ status }) => status !== 2)).toEqual([]);
  });

  it(
    'ends on Ctrl-C before all is played, without an error',
    async () => {
      const child = start(await freePorts());
      const [first] = (await once(child.stdout, 'data')) as [Buffer];
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      const [out, errors, end] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
      expect([errors, end]).toEqual(['', [0, null]]);
      expect(first.toString() + out).not.toContain('Try it');
    },
    STORY_LIMIT_MS,
  );

  it(
    'ends with every application when nobody reads its output any more',
    async () => {
      const ports = await freePorts();
      const child = start(ports);
      await once(child.stdout, 'data');
      const exited = once(child, 'exit');
      child.stdout.destroy();
      const [errors, end] = await Promise.all([text(child.stderr), exited]);
      expect([errors, end]).toEqual(['', [0, null]]);
      await vi.waitFor(
        () => expect(fetch(`http://127.0.0.1:${ports.ISSUER_PORT}/`)).rejects.toThrow('fetch failed'),
        WITHIN,
      );
    },
    STORY_LIMIT_MS,
  );

  it(
    'says in one line why an application did not start',
    async () => {
      const { out, errors, code } = await run({ ...(await freePorts()), KEYS_MAX_AGE_MS: 'soon' });
      expect([out, code]).toEqual(['', 1]);
      expect(errors).toMatch(/^The orders application did not start\. TypeError: .*"keys\.maxAgeMs".*\n$/);
    },
    STORY_LIMIT_MS,
  );

  it.each(['ORDERS_PORT', 'PAGE_PORT'])(
    'says in one line that the port of %s is in use',
    async (name) => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const { out, errors, code } = await run({ ...(await freePorts()), [name]: String(port) });
      expect(code).toBe(1);
      expect(out).toBe('');
      expect(errors).toBe(
        `Port ${port} is in use (a second demo, perhaps): free it, or set ${name} to another one.\n`,
      );
      taken.close();
    },
    STORY_LIMIT_MS,
  );
});

describe.skipIf(NO_CHROMIUM)(`npm start, in Chromium (${NO_CHROMIUM ?? 'installed'})`, () => {
  it(
    'plays every scene on its page, for both applications, and ends on Ctrl-C',
    async () => {
      const ports = await freePorts();
      const child = start(ports);
      const browser = await launchChromium();
      let out = '';
      for await (const chunk of child.stdout) {
        out += String(chunk);
        if (out.includes('Ctrl-C')) break;
      }
      expect(out).toContain(`http://127.0.0.1:${ports.PAGE_PORT}/\n`);
      expect(out).toMatch(new RegExp(`curl .*http://127.0.0.1:${ports.ORDERS_PORT}/orders/me\n`));
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${ports.PAGE_PORT}/`);
      await page.locator('#scene-outage [role=treeitem]').first().waitFor();
      const titles = await page.locator('.scene > h3').allTextContents();
      expect(titles.map((title) => title.split(':')[0])).toEqual([
        'Cold start',
        'Warm',
        'Key expiry',
        'Rotation',
        'Outage',
      ]);
      for (const title of titles) expect(title).toMatch(/: .*\bwith nestjs-jwks-auth.* with .*jwks-rsa/);
      expect(titles.at(-1)).toBe('Outage: a valid token gets 200 with nestjs-jwks-auth, 401 with jwks-rsa');

      const spansIn = (scene: string, application: number) =>
        page.locator(`#scene-${scene} .application`).nth(application).getByRole('treeitem').allTextContents();
      const inBoth = async (scene: string) => [await spansIn(scene, 0), await spansIn(scene, 1)].map(String);
      const [naiveCold, oursCold] = await inBoth('cold');
      expect(naiveCold).toMatch(/GET \/orders · status 200 .*fetch the keys .*GET · keys · status 200/);
      expect(oursCold).toMatch(
        /jwks\.fetch · bootstrap replaced .*GET · discovery · status 200 .*GET · keys · status 200 .*jwks\.get_key · hit/,
      );
      const [naiveExpiry, oursExpiry] = await inBoth('expiry');
      expect(naiveExpiry).toMatch(/fetch the keys .*GET · keys · status 200/);
      expect(oursExpiry).toMatch(/jwks\.fetch · refresh .*jwks\.get_key · (hit|stale)/);
      const [naiveRotation, oursRotation] = await inBoth('rotation');
      expect(naiveRotation).toMatch(/fetch the keys .*GET · keys · status 200/);
      expect(oursRotation).toMatch(
        /jwks\.get_key · miss .*↗ jwks\.get_key · coalesced .*jwks\.get_key · hit/,
      );
      const [naiveOutage, oursOutage] = await inBoth('outage');
      expect(naiveOutage).toMatch(/GET \/orders · status 401 .*✖ fetch the keys .*✖ GET · keys · status 503/);
      expect(oursOutage).toMatch(
        /✖ jwks\.fetch · refresh rejected .*GET \/orders · status 200 .*jwks\.get_key · stale/,
      );
      await browser.close();
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      expect(await exited).toEqual([0, null]);
    },
    STORY_LIMIT_MS,
  );
});
