import type { RequestTarget } from './request-log.js';

/** The discovery document of an issuer: that of OpenID Connect, that of RFC 8414, or none. */
export type TestDiscovery = 'oidc' | 'oauth' | 'none';

/** The URLs and paths of an issuer's documents. */
export interface IssuerEndpoints {
  /** The issuer identifier. */
  readonly issuer: string;
  readonly jwksUri: string;
  readonly jwksPath: string;
  /** Undefined when the issuer has no discovery document. */
  readonly discoveryPath: string | undefined;
}

/**
 * OpenID Connect Discovery 1.0 §4 appends its well-known path to the issuer; RFC 8414 §3.1 puts it between host and
 * path. Both drop a final slash first.
 */
export function endpointsOf(origin: string, path: string, discovery: TestDiscovery): IssuerEndpoints {
  const prefix = path.replace(/\/$/, '');
  const discoveryPaths = {
    oidc: `${prefix}/.well-known/openid-configuration`,
    oauth: `/.well-known/oauth-authorization-server${prefix}`,
    none: undefined,
  };
  const jwksPath = `${prefix}/jwks`;
  return {
    issuer: origin + path,
    jwksUri: origin + jwksPath,
    jwksPath,
    discoveryPath: discoveryPaths[discovery],
  };
}

/** The target of a request for this path; a well-known path that the issuer does not serve is discovery too. */
export function targetOf(pathname: string, { jwksPath }: IssuerEndpoints): RequestTarget | undefined {
  if (pathname === jwksPath) return 'jwks';
  return pathname.includes('/.well-known/') ? 'discovery' : undefined;
}

/** The issuer's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). */
export function metadataOf({ issuer, jwksUri }: IssuerEndpoints, algorithms: readonly string[]): object {
  const prefix = issuer.replace(/\/$/, '');
  return {
    issuer,
    jwks_uri: jwksUri,
    authorization_endpoint: `${prefix}/authorize`,
    token_endpoint: `${prefix}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
  };
}
