import { KeyRings } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp } from '../../support/guarded-app.js';

const NAMES = [
  'accounts.google.com',
  'urn:example:issuer',
  'spiffe://trust.example',
  'http://fs.example/adfs',
];

describe.each(ADAPTERS)('issuers that are names, on %s,', (adapter) => {
  let server: TestIssuer;
  beforeAll(async () => {
    server = await startTestIssuer();
  });
  afterAll(() => server.close());

  it('are accepted beside jwksUri, each by its exact name', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const { jwksUri, audience } = server;
    await using api = await startGuardedApp(
      { audience, issuers: NAMES.map((issuer) => ({ issuer, jwksUri })) },
      { adapter, logger: { log, warn: log, error: log } },
    );
    for (const iss of NAMES) {
      expect((await api.get('/me', server.token({ iss }))).status).toBe(200);
      const other = await api.get('/me', server.token({ iss: `${iss}/` }));
      expect(await other.json()).toMatchObject({ status: 401, code: 'unknown_issuer' });
      expect(lines).toContainEqual(expect.stringMatching(`^${iss}: 1 key`));
    }
    expect(
      api.app
        .get(KeyRings)
        .status()
        .map(({ issuer }) => issuer),
    ).toEqual(NAMES);
    expect(server.requests.discovery).toBe(0);
  });

  it('are accepted when they are resolved', async () => {
    const { jwksUri, audience } = server;
    await using api = await startGuardedApp(
      {
        audience,
        issuers: { allow: (iss) => iss.startsWith('urn:'), resolve: (issuer) => ({ issuer, jwksUri }) },
      },
      { adapter },
    );
    expect((await api.get('/me', server.token({ iss: 'urn:tenant:1' }))).status).toBe(200);
    expect((await api.get('/me', server.token({ iss: 'tenant-1' }))).status).toBe(401);
  });
});
