import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { AccessTokenVerifier, AuthError, type KeyRings } from 'nestjs-jwks-auth';
import * as oauth from 'oauth4webapi';
import { DEFAULT_ALGORITHMS } from '../../src/jwk/algorithms.js';
import { FunctionJwksSource } from '../../src/keys/source/function-source.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { KEY_OPTION_DEFAULTS } from '../../src/keys/key.options.js';
import { resolveIssuer } from '../../src/token/issuers/issuer-rules.js';
import { resolveTokenOptions } from '../../src/token/token.options.js';
import type { Verdict } from '../conformance/report.js';
import { AUDIENCE, TENANT_ISSUER, type FuzzInput } from './fuzz-scene.js';

/** What three libraries make of one input. */
export interface Verdicts {
  readonly ours: Verdict;
  /** Why we refused. */
  readonly code: string | undefined;
  readonly jose: Verdict;
  /** Undefined without the RFC 9068 profile, which it always requires. */
  readonly oauth4webapi: Verdict | undefined;
}

const TOLERANCE_S = 5;
/** Those that all three support. */
const ALGORITHMS = DEFAULT_ALGORITHMS.filter((name) => name !== 'ES256K');
const PROFILE_CLAIMS = ['sub', 'client_id', 'iat', 'jti'];
const RULES = {
  profile: resolveIssuer(
    { issuer: TENANT_ISSUER, audience: AUDIENCE, algorithms: ALGORITHMS, tokenType: 'at+jwt' },
    '',
    false,
  ),
  plain: resolveIssuer({ issuer: TENANT_ISSUER, audience: AUDIENCE, algorithms: ALGORITHMS }, '', false),
};
const OPTIONS = resolveTokenOptions({ clockToleranceMs: TOLERANCE_S * 1_000 });

export async function verdictsOn(input: FuzzInput): Promise<Verdicts> {
  const code = await ourCode(input);
  return {
    ours: code === undefined ? 'accept' : 'refuse',
    code,
    jose: await verdictOf(() => verifyWithJose(input)),
    oauth4webapi: input.profile ? await verdictOf(() => verifyWithOauth4webapi(input)) : undefined,
  };
}

/**
 * Why we refuse; undefined when we do not.
 *
 * @throws whatever is no AuthError
 */
export const ourCode = (input: FuzzInput): Promise<string | undefined> =>
  withVerifier(input, async (verifier) => {
    try {
      await verifier.verify(input.token);
      return undefined;
    } catch (error) {
      if (error instanceof AuthError) return error.code;
      throw error;
    }
  });

/** Runs `run` with a verifier whose ring has loaded the keys of this input. */
export async function withVerifier<T>(
  { jwks, profile }: FuzzInput,
  run: (verifier: AccessTokenVerifier) => Promise<T>,
): Promise<T> {
  const source = new FunctionJwksSource('the case', async () => jwks);
  const ring = createKeyRing({ issuer: TENANT_ISSUER, algorithms: ALGORITHMS }, source, KEY_OPTION_DEFAULTS, {
    onEvent() {},
  });
  const rings = { get: () => ring } as unknown as KeyRings;
  await ring.start();
  try {
    return await run(new AccessTokenVerifier([profile ? RULES.profile : RULES.plain], OPTIONS, rings));
  } finally {
    ring.close();
  }
}

async function verdictOf(verify: () => Promise<unknown>): Promise<Verdict> {
  try {
    await verify();
    return 'accept';
  } catch {
    return 'refuse';
  }
}

const verifyWithJose = async ({ token, jwks, profile }: FuzzInput): Promise<unknown> =>
  jwtVerify(token, createLocalJWKSet({ keys: jwks } as JSONWebKeySet), {
    issuer: TENANT_ISSUER,
    audience: AUDIENCE,
    algorithms: ALGORITHMS,
    clockTolerance: TOLERANCE_S,
    requiredClaims: profile ? ['exp', ...PROFILE_CLAIMS] : ['exp'],
    ...(profile && { typ: 'at+jwt' }),
  });

function verifyWithOauth4webapi({ token, jwks }: FuzzInput): Promise<unknown> {
  const request = new Request(AUDIENCE, { headers: { authorization: `Bearer ${token}` } });
  const server = { issuer: TENANT_ISSUER, jwks_uri: `${TENANT_ISSUER}/jwks` };
  return oauth.validateJwtAccessToken(server, request, AUDIENCE, {
    signingAlgorithms: ALGORITHMS,
    [oauth.clockTolerance]: TOLERANCE_S,
    [oauth.jwksCache]: { jwks: { keys: jwks } as oauth.JWKS, uat: Math.floor(Date.now() / 1_000) },
  });
}
