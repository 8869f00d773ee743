import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Module, type DynamicModule } from '@nestjs/common';
import { createTestCertificate, startTestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen, SampleController } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

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
