import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { createTestCertificate, startTestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { listen, SampleController } from '../../support/guarded-app.js';
import { ROOT } from '../markdown.js';
import { Guide } from './guide.js';

/** A guarded API, as it is built. */
const PROCESS = `${ROOT}test/faults/guarded-process.mjs`;

const tunnels: string[] = [];
let proxy: Server;
let address: string;
beforeAll(async () => {
  proxy = createServer().on('connect', (request, client, head) => {
    tunnels.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(() => proxy.close());
beforeEach(() => void (tunnels.length = 0));

test('docs/guide/proxies.md: the keys come through the proxy, and from the authority, of the environment', async () => {
  const tls = createTestCertificate();
  const issuer = await startTestIssuer({ tls });
  const certificate = join(mkdtempSync(join(tmpdir(), 'proxies-')), 'internal-ca.pem');
  writeFileSync(certificate, tls.cert);
  const statusWith = async (env: NodeJS.ProcessEnv): Promise<number> => {
    const options = JSON.stringify({ issuer: issuer.issuer, audience: issuer.audience });
    const api = fork(PROCESS, [options], { env: { ...process.env, ...env } });
    try {
      const [{ url }] = (await once(api, 'message')) as [{ url: string }];
      return (await fetch(`${url}/me`, { headers: issuer.bearer() })).status;
    } finally {
      api.kill('SIGKILL');
    }
  };
  const proxied = { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: address, NO_PROXY: 'localhost,.svc.cluster.local' };
  expect(await statusWith({ ...proxied, NODE_EXTRA_CA_CERTS: certificate })).toBe(200);
  const { host } = new URL(issuer.issuer);
  expect(new Set(tunnels)).toEqual(new Set([host]));
  tunnels.length = 0;
  expect(await statusWith({ NODE_EXTRA_CA_CERTS: certificate })).toBe(200);
  expect(tunnels).toEqual([]);
  // Without the authority, no keys.
  expect(await statusWith({ ...proxied, NODE_EXTRA_CA_CERTS: '' })).toBe(503);
  await issuer.close();
});

test('docs/guide/proxies.md: the keys come through the proxy that the agent names', async () => {
  const tls = createTestCertificate();
  const issuer = await startTestIssuer({ tls });
  const guide = new Guide('docs/guide/proxies.md', issuer, {
    'http://proxy.example.com:3128': address,
    'new Agent({': `new Agent({ ca: ${JSON.stringify(tls.cert)},`,
  });
  const { auth } = await guide.load<{ auth: DynamicModule }>('proxied.ts');
  @Module({ imports: [auth], controllers: [SampleController] })
  class AppModule {}
  await using api = await listen(AppModule);
  expect((await api.get('/me', issuer.token())).status).toBe(200);
  expect((await api.get('/me', issuer.badTokens()['wrong key'])).status).toBe(401);
  const { host } = new URL(issuer.issuer);
  expect(new Set(tunnels)).toEqual(new Set([host]));
  await issuer.close();
});
