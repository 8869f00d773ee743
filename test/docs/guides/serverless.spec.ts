import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { Guide } from './guide.js';

interface Handler {
  handler(event: object): Promise<{ statusCode: number; body: string; headers: Record<string, string> }>;
}

test('docs/operate/serverless.md: one start serves every event, with the keys fetched once', async () => {
  const issuer = await startTestIssuer();
  const guide = new Guide('docs/operate/serverless.md', issuer, {
    'https://tenant.eu.auth0.com/.well-known/jwks.json': issuer.jwksUri,
  });
  const { handler } = await guide.load<Handler>('handler.ts');
  const event = (headers: object) => ({
    rawPath: '/me',
    rawQueryString: '',
    headers,
    requestContext: { http: { method: 'GET' } },
  });

  const accepted = await handler(event(issuer.bearer({ sub: 'ada' })));
  expect([accepted.statusCode, JSON.parse(accepted.body)]).toEqual([200, { sub: 'ada' }]);
  const refused = await handler(event({}));
  expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([
    401,
    expect.stringMatching(/^Bearer/),
  ]);
  expect((await handler(event(issuer.bearer({ sub: 'grace' })))).statusCode).toBe(200);
  expect([issuer.requests.jwks, issuer.requests.discovery]).toEqual([1, 0]);
  await issuer.close();
});
