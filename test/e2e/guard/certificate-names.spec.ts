import { KeyRings } from 'nestjs-jwks-auth';
import { createHash, X509Certificate } from 'node:crypto';
import {
  createTestCertificate,
  startTestIssuer,
  type TestIssuer,
  type TestKey,
} from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProvider, keyOf } from '../../support/key-provider.js';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';

/** A certificate, as DER; whose key it is about does not matter, since it only names one. */
const certificate = (): Buffer => new X509Certificate(createTestCertificate().cert).raw;
const hashOf = (name: 'sha1' | 'sha256', der: Buffer) => createHash(name).update(der).digest('base64url');
const [OLD, NEW, OTHER] = [certificate(), certificate(), certificate()];
const thumbprintsOf = (der: Buffer) => ({ x5t: hashOf('sha1', der), 'x5t#S256': hashOf('sha256', der) });
const chainOf = (der: Buffer) => ({ x5c: [der.toString('base64'), OTHER.toString('base64')] });

describe.each(ADAPTERS)('a token that names its key by a certificate, on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  let oldKey: TestKey;
  let newKey: TestKey;
  beforeEach(async () => {
    issuer = await startTestIssuer({ algorithm: 'ES256' });
    await issuer.rotate();
    [oldKey, newKey] = issuer.keys as [TestKey, TestKey];
  });
  afterEach(async () => {
    await api.app.close();
    await issuer.close();
  });

  /** The issuer publishes both keys with these members, and the application starts. */
  async function publish(ofOld: object, ofNew: object): Promise<void> {
    issuer.publish({
      keys: [
        { ...oldKey.publicJwk, ...ofOld },
        { ...newKey.publicJwk, ...ofNew },
      ],
    });
    api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience }, { adapter });
  }

  const statusOf = async (key: TestKey, header: object) =>
    (await api.get('/me', issuer.token({}, { key, header: { kid: undefined, ...header } }))).status;

  it.each([
    ['members of the key', thumbprintsOf],
    ['the first certificate of the key', chainOf],
    ['members in plain base64', (der: Buffer) => ({ x5t: createHash('sha1').update(der).digest('base64') })],
  ])('is accepted where no kid does, by %s', async (_, names) => {
    await publish(names(OLD), names(NEW));
    const { x5t } = thumbprintsOf(NEW);
    expect(await statusOf(newKey, { x5t })).toBe(200);
    expect(await statusOf(oldKey, { x5t: thumbprintsOf(OLD).x5t })).toBe(200);
    expect(await statusOf(oldKey, { x5t })).toBe(401);
    // Neither key is named, so nobody knows which one it is.
    expect(await statusOf(newKey, {})).toBe(401);
  });

  it('is accepted by its SHA-256, which counts more', async () => {
    await publish(chainOf(OLD), chainOf(NEW));
    const { 'x5t#S256': sha256 } = thumbprintsOf(NEW);
    expect(await statusOf(newKey, { 'x5t#S256': sha256 })).toBe(200);
    expect(await statusOf(newKey, { 'x5t#S256': sha256, x5t: thumbprintsOf(OLD).x5t })).toBe(200);
    expect(await statusOf(oldKey, { 'x5t#S256': sha256 })).toBe(401);
  });

  it('is accepted where no key has its kid; a kid that a key has decides', async () => {
    await publish(thumbprintsOf(OLD), thumbprintsOf(NEW));
    const { x5t } = thumbprintsOf(NEW);
    expect(await statusOf(newKey, { kid: 'elsewhere', x5t })).toBe(200);
    expect(await statusOf(newKey, { kid: newKey.kid, x5t: thumbprintsOf(OLD).x5t })).toBe(200);
    expect(await statusOf(newKey, { kid: oldKey.kid, x5t })).toBe(401);
    expect(issuer.requests.jwks).toBe(1);
  });

  it('causes a fetch when no key has that certificate, and is accepted when the fetch brings it', async () => {
    await publish(thumbprintsOf(OLD), thumbprintsOf(OTHER));
    const { x5t } = thumbprintsOf(NEW);
    expect(await statusOf(newKey, { x5t })).toBe(401);
    expect(issuer.requests.jwks).toBe(2);
    issuer.publish({
      keys: [
        { ...oldKey.publicJwk, ...thumbprintsOf(OLD) },
        { ...newKey.publicJwk, ...thumbprintsOf(NEW) },
      ],
    });
    expect(await statusOf(newKey, { x5t })).toBe(200);
    expect(issuer.requests.jwks).toBe(3);
  });

  it('is accepted by the only key that fits, where the issuer publishes no certificates', async () => {
    issuer.publish({ keys: [newKey.publicJwk] });
    api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience }, { adapter });
    expect(await statusOf(newKey, { x5t: thumbprintsOf(NEW).x5t })).toBe(200);
    for (const x5t of ['', 5, null, {}]) expect(await statusOf(newKey, { x5t })).toBe(200);
    expect(await statusOf(oldKey, { x5t: thumbprintsOf(NEW).x5t })).toBe(401);
  });

  it('is accepted by a thumbprint that the key does not state, but its certificate has', async () => {
    const both = (der: Buffer) => ({ x5t: thumbprintsOf(der).x5t, ...chainOf(der) });
    await publish(both(OLD), both(NEW));
    expect(await statusOf(newKey, { 'x5t#S256': thumbprintsOf(NEW)['x5t#S256'] })).toBe(200);
    expect(await statusOf(oldKey, { 'x5t#S256': thumbprintsOf(NEW)['x5t#S256'] })).toBe(401);
  });

  it('is accepted by the only key that fits, where the issuer publishes the other thumbprint', async () => {
    const { x5t, 'x5t#S256': sha256 } = thumbprintsOf(NEW);
    issuer.publish({ keys: [{ ...newKey.publicJwk, x5t }] });
    api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience }, { adapter });
    expect(await statusOf(newKey, { 'x5t#S256': sha256 })).toBe(200);
    expect(await statusOf(oldKey, { 'x5t#S256': sha256 })).toBe(401);
  });

  it('is accepted by a new certificate of the same key', async () => {
    await publish(thumbprintsOf(OLD), thumbprintsOf(OTHER));
    issuer.publish({
      keys: [
        { ...oldKey.publicJwk, ...thumbprintsOf(OLD) },
        { ...newKey.publicJwk, ...thumbprintsOf(NEW) },
      ],
    });
    expect(await statusOf(newKey, { x5t: thumbprintsOf(NEW).x5t })).toBe(200);
  });

  it('is refused once its key is denied', async () => {
    await publish(thumbprintsOf(OLD), thumbprintsOf(NEW));
    const { x5t } = thumbprintsOf(NEW);
    expect(await statusOf(newKey, { x5t })).toBe(200);
    await api.app.get(KeyRings).deny(newKey.kid);
    for (const kid of [undefined, newKey.kid]) expect(await statusOf(newKey, { kid, x5t })).toBe(401);
    expect(await statusOf(oldKey, { x5t: thumbprintsOf(OLD).x5t })).toBe(200);
  });
});

it('passportJwtSecret finds a key by its certificate too', async () => {
  await using issuer = await startTestIssuer({ algorithm: 'ES256' });
  await issuer.rotate();
  const [oldKey, newKey] = issuer.keys as [TestKey, TestKey];
  issuer.publish({
    keys: [
      { ...oldKey.publicJwk, ...chainOf(OLD) },
      { ...newKey.publicJwk, ...chainOf(NEW) },
    ],
  });
  const provider = createProvider({ jwksUri: issuer.jwksUri });
  const named = issuer.token({}, { header: { kid: undefined, x5t: thumbprintsOf(NEW).x5t } });
  expect(newKey.publicKey.equals((await keyOf(provider, named)) as never)).toBe(true);
});
