import dns from 'node:dns';
import https from 'node:https';
import type { KeyOptions } from 'nestjs-jwks-auth';
import {
  createTestCertificate,
  startTestIssuer,
  type Fault,
  type TestCertificate,
  type TestIssuer,
} from 'nestjs-jwks-auth/testing';
import { vi, type MockInstance } from 'vitest';
import type { JwksFetchFailure } from '../../src/http/jwks-fetch.error.js';
import { DEADLINE_MS, startGuardedApi, type GuardedApi } from './guarded-api.js';

/** A thing that goes wrong at an issuer, or on the way to it. */
export interface FaultCase {
  readonly name: string;
  /** What a fetch fails with meanwhile. */
  readonly failure: JwksFetchFailure;
  /** The Retry-After of the issuer, in milliseconds. */
  readonly retryAfterMs?: number;
  /** What is special about the issuer and the way to it. @default an http issuer, found by discovery */
  readonly scene?: () => Promise<Scene>;
  /** Begins the fault; returns what ends it. */
  readonly begin: (scene: Scene) => (() => void) | Promise<() => void>;
}

/** An issuer, and a way to start an API that trusts it. */
export interface Scene {
  readonly issuer: TestIssuer;
  readonly start: (keys: KeyOptions) => Promise<GuardedApi>;
  /** The one that the API trusts, of an https issuer. */
  readonly certificate?: TestCertificate;
}

/** The time limit of a fetch: short where it is reached, and else longer than a busy machine needs. */
export const timeoutFor = ({ failure }: Pick<FaultCase, 'failure'>): { readonly timeoutMs: number } => ({
  timeoutMs: failure === 'timeout' ? DEADLINE_MS : 10_000,
});

const serves = (fault: Fault) => (scene: Scene) => {
  scene.issuer.fault(fault);
  return () => scene.issuer.fault(undefined);
};

const publishes = (keySet: (issuer: TestIssuer) => unknown) => (scene: Scene) => {
  scene.issuer.publish(keySet(scene.issuer));
  return () => scene.issuer.publish(undefined);
};

const privateJwk = ({ keys }: TestIssuer) => ({
  ...keys[0]?.privateKey.export({ format: 'jwk' }),
  kid: keys[0]?.kid,
});
const publicJwk = ({ keys }: TestIssuer) => keys[0]?.publicJwk;
const times = (count: number, member: unknown) => ({ keys: Array.from({ length: count }, () => member) });

/** An http issuer, found by discovery. */
export async function plainScene(): Promise<Scene> {
  const issuer = await startTestIssuer({ algorithm: 'ES256' });
  return { issuer, start: (keys) => startGuardedApi(issuer, { keys }) };
}

async function namedScene(): Promise<Scene> {
  const issuer = await startTestIssuer({ algorithm: 'ES256' });
  const jwksUri = issuer.jwksUri.replace('127.0.0.1', 'localhost');
  return { issuer, start: (keys) => startGuardedApi(issuer, { keys, jwksUri }) };
}

async function tlsScene(): Promise<Scene> {
  const certificate = createTestCertificate();
  const issuer = await startTestIssuer({ algorithm: 'ES256', tls: certificate });
  // Without sessions to resume, every connection checks the certificate.
  const requestAgent = new https.Agent({ ca: certificate.cert, maxCachedSessions: 0 });
  const start = (keys: KeyOptions) => startGuardedApi(issuer, { keys: { ...keys, requestAgent } });
  return { issuer, start, certificate };
}

/** The resolver of this process fails for the issuer's name. */
function failsToResolve(): () => void {
  const original = dns.lookup as (...args: unknown[]) => void;
  const lookup = vi.spyOn(dns, 'lookup') as unknown as MockInstance<typeof original>;
  lookup.mockImplementation((host, options, callback) => {
    if (host !== 'localhost') return original(host, options, callback);
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND localhost'), { code: 'ENOTFOUND' });
    return (callback as (error: Error) => void)(error);
  });
  return () => lookup.mockRestore();
}

/** Every fault that keeps the keys from coming. */
export const FAULTS: readonly FaultCase[] = [
  { name: 'a response later than the deadline', failure: 'timeout', begin: serves({ latencyMs: 60_000 }) },
  { name: 'no response at all', failure: 'timeout', begin: serves('hang') },
  { name: 'a byte now and then', failure: 'timeout', begin: serves('drip') },
  { name: 'a connection that is reset', failure: 'network', begin: serves('reset') },
  { name: 'a connection that dies in mid-body', failure: 'network', begin: serves('cut') },
  { name: '500', failure: 'http_status', begin: serves({ status: 500 }) },
  { name: '404', failure: 'http_status', begin: serves({ status: 404 }) },
  {
    name: '429 with Retry-After',
    failure: 'http_status',
    retryAfterMs: 7_000,
    begin: serves({ status: 429, headers: { 'retry-after': '7' } }),
  },
  { name: 'HTML with status 200', failure: 'not_json', begin: serves('html') },
  { name: 'truncated JSON', failure: 'not_json', begin: serves('truncated') },
  { name: 'an empty set', failure: 'no_usable_key', begin: serves('empty') },
  { name: 'a body of 256 MB', failure: 'too_large', begin: serves('huge') },
  { name: 'a gzip bomb', failure: 'too_large', begin: serves('gzip-bomb') },
  { name: 'a redirect', failure: 'redirect', begin: serves('redirect') },
  {
    name: '10,000 keys',
    failure: 'too_large',
    begin: publishes((issuer) => times(10_000, publicJwk(issuer))),
  },
  { name: '10,000 members in few bytes', failure: 'too_large', begin: publishes(() => times(10_000, {})) },
  {
    name: 'a private key in place of the public one',
    failure: 'no_usable_key',
    begin: publishes((issuer) => times(1, privateJwk(issuer))),
  },
  { name: 'a name that cannot be resolved', failure: 'network', scene: namedScene, begin: failsToResolve },
  {
    name: 'a certificate that is not trusted',
    failure: 'network',
    scene: tlsScene,
    begin({ issuer, certificate = createTestCertificate() }) {
      issuer.useCertificate(createTestCertificate());
      return () => issuer.useCertificate(certificate);
    },
  },
];

/** Anomalies that must not keep the good keys from coming. */
export const ANOMALIES: readonly Omit<FaultCase, 'failure'>[] = [
  { name: 'a late response, within the deadline', begin: serves({ latencyMs: 20 }) },
  {
    name: 'one broken key among good ones',
    begin: publishes((issuer) => ({ keys: [null, { kty: 'RSA', n: 'AQAB' }, publicJwk(issuer)] })),
  },
  {
    name: 'a private key beside good ones',
    begin: publishes((issuer) => ({ keys: [{ ...privateJwk(issuer), kid: 'leaked' }, publicJwk(issuer)] })),
  },
];
