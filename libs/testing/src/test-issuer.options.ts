import type { TestDiscovery } from './issuer-endpoints.js';
import type { TestTls } from './issuer-server.js';
import type { TestAlgorithm } from './signing-algorithm.js';
import type { TestKeyOptions } from './test-key.js';

/** What a test issuer is like. */
export interface TestIssuerOptions {
  /** What it signs with. @default 'RS256' */
  readonly algorithm?: TestAlgorithm;
  /** The audience of its tokens. @default 'https://api.test' */
  readonly audience?: string;
  /** The path of the issuer identifier, such as '/tenant/'. @default none */
  readonly path?: string;
  /** `Cache-Control` of the key set. @default none */
  readonly cacheControl?: string;
  /** The port on 127.0.0.1. @default any free one */
  readonly port?: number;
  /** Which discovery document it has. @default 'oidc' */
  readonly discovery?: TestDiscovery;
  /** Makes it an https issuer. */
  readonly tls?: TestTls;
}

/** How an issuer changes its signing key. */
export interface RotateOptions extends TestKeyOptions {
  /** Whether the keys before it stay published. @default true */
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
