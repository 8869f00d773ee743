import type { INestApplication, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { Guide } from './guide.js';

const ORIGIN = 'https://app.example.com';

interface Main {
  createApp(adapter: ExpressAdapter | FastifyAdapter): Promise<INestApplication>;
}

test.each([
  ['Express', ExpressAdapter],
  ['Fastify', FastifyAdapter],
] as const)('docs/guide/cors.md on %s: a browser may read why and until when', async (_, Adapter) => {
  const issuer = await startTestIssuer();
  const { createApp } = await new Guide('docs/guide/cors.md', issuer).load<Main>('main.ts');
  const app = await createApp(new (Adapter as Type<ExpressAdapter>)());
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/orders`;

  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');

  const refused = await fetch(url, { headers: { origin: ORIGIN } });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  const exposed = refused.headers.get('access-control-expose-headers')?.split(/, */);
  expect(exposed).toEqual(['WWW-Authenticate', 'Retry-After']);
  expect(refused.headers.has('www-authenticate')).toBe(true);

  const accepted = await fetch(url, { headers: { origin: ORIGIN, ...issuer.bearer() } });
  expect(accepted.status).toBe(200);
  await Promise.all([app.close(), issuer.close()]);
});
