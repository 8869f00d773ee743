import 'reflect-metadata';
import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import { JwtAuthGuard, KeyRings } from 'nestjs-jwks-auth';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';

/** Starts the application with a test issuer and makes a request of each kind. */
export async function tryApplication(module: new () => object): Promise<void> {
  const issuer = await startTestIssuer();
  Object.assign(process.env, { ISSUER: issuer.issuer, AUDIENCE: issuer.audience });
  const app = await NestFactory.create(module, { logger: ['warn', 'error'] });
  try {
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const get = (path: string, token?: string): Promise<Response> =>
      fetch(url + path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

    const accepted = await get('/orders', issuer.token({ sub: 'user-1' }));
    assert.deepEqual([accepted.status, await accepted.text()], [200, '{"sub":"user-1"}']);
    const anonymous = await get('/orders');
    assert.equal(anonymous.status, 401);
    assert.match(anonymous.headers.get('www-authenticate') ?? '', /^Bearer/);
    assert.equal((await get('/health')).status, 200);
    assert.equal((await get('/orders/drafts', issuer.token())).status, 403);
    assert.equal((await get('/orders/drafts', issuer.token({ scope: 'write:orders' }))).status, 200);

    assert.ok(app.get(JwtAuthGuard));
    const [key] = await app.get(KeyRings).client().getSigningKeys();
    assert.match(key?.getPublicKey() ?? '', /BEGIN PUBLIC KEY/);
  } finally {
    await app.close();
    await issuer.close();
  }
}
