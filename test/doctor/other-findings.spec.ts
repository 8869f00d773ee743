import { constants, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { Finding, FindingCode } from 'nestjs-jwks-auth/doctor';
import { createTestCertificate } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { causeIn, DoctorScene } from './scene.js';

let scene: DoctorScene;
beforeAll(async () => void (scene = await DoctorScene.start({ algorithm: 'RS256' })));
afterEach(() => {
  scene.issuer.publish(undefined);
  scene.issuer.fault(undefined);
  vi.unstubAllEnvs();
});
afterAll(() => scene[Symbol.asyncDispose]());

const found = (findings: readonly Finding[], code: FindingCode) => findings.find((one) => one.code === code);
const jwk = () => ({ ...scene.issuer.keys[0]?.publicJwk }) as Record<string, unknown>;

/** A server on loopback, until the test is over. */
async function listen(server: net.Server | https.Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}

describe('errors', () => {
  it('signature_other_algorithm: PS256 under the name RS256', async () => {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const key = scene.issuer.keys[0]?.privateKey as KeyObject;
    const token = scene.issuer.forge({
      signature: (input) => sign('sha256', input, { key, padding, saltLength: 32 }),
    });
    expect(causeIn(await scene.diagnose({ token }))).toMatchObject({
      code: 'signature_other_algorithm',
      seen: expect.stringContaining('PS256'),
    });
  });

  it('key_of_other_issuer: a key of Entra ID for another tenant', async () => {
    scene.issuer.publish({ keys: [{ ...jwk(), issuer: 'https://login.example/other/v2.0' }] });
    expect(causeIn(await scene.diagnose())).toMatchObject({
      code: 'key_of_other_issuer',
      seen: expect.stringContaining('other/v2.0'),
    });
  });

  it('kid_twice: a fourth key of the same name', async () => {
    const kid = scene.issuer.keys[0]?.kid ?? '';
    const others = await Promise.all([1, 2, 3].map(() => scene.issuer.createKey('RS256', kid)));
    scene.issuer.publish({ keys: [...others.map(({ publicJwk }) => publicJwk), jwk()] });
    expect(causeIn(await scene.diagnose())).toMatchObject({
      code: 'kid_twice',
      seen: expect.stringContaining('three are tried'),
    });
  });

  it('token_of_other_kind and malformed_token', async () => {
    const registration = scene.issuer.token({ typ: 'RegistrationAccessToken' });
    expect(causeIn(await scene.diagnose({ token: registration }))?.code).toBe('token_of_other_kind');
    const { 'kid a number': malformed } = scene.issuer.badTokens();
    expect(causeIn(await scene.diagnose({ token: malformed }))).toMatchObject({
      code: 'malformed_token',
      seen: expect.stringContaining('kid (a number)'),
    });
  });

  it('tls_refused: a client certificate is required', async () => {
    const tls = createTestCertificate();
    using server = await listen(https.createServer({ ...tls, requestCert: true, rejectUnauthorized: true }));
    const keys = { requestAgent: new https.Agent({ ca: tls.cert }) };
    const options = { issuer: `https://127.0.0.1:${server.port}`, token: undefined, keys };
    expect(causeIn(await scene.diagnose(options))?.code).toBe('tls_refused');
  });

  it('http_not_spoken: another protocol', async () => {
    using server = await listen(net.createServer((socket) => socket.end('SSH-2.0-x\r\n')));
    const options = { issuer: `http://127.0.0.1:${server.port}`, token: undefined };
    expect(causeIn(await scene.diagnose(options))?.code).toBe('http_not_spoken');
  });

  it('jwks_uri_invalid: http to another machine', async () => {
    const jwksUri = 'http://keycloak:8080/jwks';
    expect(causeIn(await scene.diagnose({ jwksUri }))?.code).toBe('jwks_uri_invalid');
  });

  it('proxy_failed: a proxy that Node is told to use', async () => {
    const proxyEnv = { http_proxy: 'http://127.0.0.1:9' };
    vi.stubEnv('http_proxy', proxyEnv.http_proxy);
    const { globalAgent } = http;
    http.globalAgent = new http.Agent({ proxyEnv } as http.AgentOptions);
    try {
      expect(causeIn(await scene.diagnose())).toMatchObject({
        code: 'proxy_failed',
        seen: expect.stringContaining('http_proxy'),
      });
    } finally {
      http.globalAgent = globalAgent;
    }
  });
});

describe('warnings and notes', () => {
  it('audience_not_given', async () => {
    const findings = await scene.diagnose({ audience: undefined });
    expect([causeIn(findings), found(findings, 'audience_not_given')?.level]).toEqual([undefined, 'note']);
  });

  it('keys_without_kid, beside a key that has one', async () => {
    const other = await scene.issuer.createKey('ES256');
    scene.issuer.publish({ keys: [{ ...jwk() }, { ...other.publicJwk, kid: undefined }] });
    const findings = await scene.diagnose();
    expect([causeIn(findings), found(findings, 'keys_without_kid')?.level]).toEqual([undefined, 'warning']);
  });

  it('discovery_oauth', async () => {
    await using oauth = await DoctorScene.start({ discovery: 'oauth' });
    expect(found(await oauth.diagnose(), 'discovery_oauth')?.level).toBe('note');
    expect(found(await scene.diagnose(), 'discovery_oauth')).toBeUndefined();
  });

  it('discovery_not_used and jwks_uri_differs, with jwksUri', async () => {
    await using silent = await DoctorScene.start({ discovery: 'none' });
    const { jwksUri } = silent.issuer;
    expect(found(await silent.diagnose({ jwksUri }), 'discovery_not_used')?.level).toBe('note');
    const copy = await scene.serve({ '/copy': { body: { keys: [jwk()] } } });
    const findings = await scene.diagnose({ jwksUri: `${copy}/copy` });
    expect([causeIn(findings), found(findings, 'jwks_uri_differs')?.level]).toEqual([undefined, 'note']);
    expect(
      found(await scene.diagnose({ jwksUri: scene.issuer.jwksUri }), 'jwks_uri_differs'),
    ).toBeUndefined();
  });

  it('jwks_uri_elsewhere', async () => {
    const origin = await scene.serveMetadata((issuer) => ({ issuer, jwks_uri: scene.issuer.jwksUri }));
    const findings = await scene.diagnose({ issuer: origin, token: scene.issuer.token({ iss: origin }) });
    expect([causeIn(findings), found(findings, 'jwks_uri_elsewhere')?.level]).toEqual([undefined, 'note']);
  });

  it('tls_not_checked', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect((await scene.diagnose())[0]).toMatchObject({ code: 'tls_not_checked', level: 'warning' });
  });

  it('slow', async () => {
    scene.issuer.fault({ latencyMs: 2_050 });
    const findings = await scene.diagnose();
    expect([causeIn(findings), found(findings, 'slow')?.level]).toEqual([undefined, 'warning']);
  });
});
