import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RotatingProvider } from '../../../apps/issuer/src/provider.js';
import { freePort } from '../../support/free-port.js';
import { ADAPTERS, startGuardedApp } from '../../support/guarded-app.js';

const audience = 'https://orders.example';

describe('a token of a real OpenID provider', () => {
  let server: Server;
  let issuer: string;
  beforeAll(async () => {
    const port = await freePort();
    issuer = `http://127.0.0.1:${port}`;
    server = createServer(new RotatingProvider(issuer, 'secret').handle).listen(port, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function tokenFor(resource: string, scope: string): Promise<string> {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('demo:secret').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  it.each(ADAPTERS)(
    'is accepted on %s, beside one of another issuer, by the RFC 9068 profile',
    async (adapter) => {
      await using other = await startTestIssuer({ audience, algorithm: 'ES256' });
      const issuers = [{ issuer }, { issuer: other.issuer }];
      await using api = await startGuardedApp({ issuers, audience, tokenType: 'at+jwt' }, { adapter });
      const token = await tokenFor(audience, 'read:orders');
      expect(await (await api.get('/me', token)).json()).toMatchObject({ iss: issuer, client_id: 'demo' });
      expect((await api.get('/me', other.token())).status).toBe(200);
      expect((await api.get('/scoped', token)).status).toBe(403);
      const elsewhere = await api.get('/me', await tokenFor('https://elsewhere.example', 'read:orders'));
      expect(await elsewhere.json()).toMatchObject({ status: 401, code: 'wrong_audience' });
    },
  );
});
