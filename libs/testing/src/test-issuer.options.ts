import type { TestDiscovery } from './issuer-endpoints.js';
import type { TestTls } from './issuer-server.js';
import type { TestAlgorithm } from './signing-algorithm.js';
import type { TestKeyOptions } from './test-key.js';

/** The options of a test issuer. */
export interface TestIssuerOptions {
  /** The algorithm that it signs with. @default 'RS256' */
  readonly algorithm?: TestAlgorithm;
  /** The audience of its tokens. @default 'https://api.test' */
  readonly audience?: string;
  /** The path of the issuer identifier, such as '/tenant/'. @default none */
  readonly path?: string;
  /** The `Cache-Control` header of the JWK Set. @default none */
  readonly cacheControl?: string;
  /** The port on 127.0.0.1. @default any free one */
  readonly port?: number;
  /** The discovery document that it serves. @default 'oidc' */
  readonly discovery?: TestDiscovery;
  /** Serves https with this certificate. @default http */
  readonly tls?: TestTls;
}

/** The options of a key rotation. */
export interface RotateOptions extends TestKeyOptions {
  /** Whether earlier keys stay published. @default true */
  readonly keepOld?: boolean;
}

/** The options that have a default. */
export const TEST_ISSUER_DEFAULTS = {
  algorithm: 'RS256',
  audience: 'https://api.test',
  path: '',
  port: 0,
  discovery: 'oidc',
} as const satisfies TestIssuerOptions;
