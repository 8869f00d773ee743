import { trace, type Attributes } from '@opentelemetry/api';
import type { RequestOptions } from 'node:http';

/** The span that contains the requests to an issuer. */
const FETCH = 'jwks.fetch';
/** The documents of OpenID Connect Discovery 1.0 §4 and RFC 8414 §3, before or after the issuer's path. */
const METADATA = /\/\.well-known\/(openid-configuration|oauth-authorization-server)\b/;

/** For the span of an HTTP client below `jwks.fetch`: whether the request is for discovery or for the keys. */
export function jwksRequest({ path }: RequestOptions): Attributes {
  const parent = trace.getActiveSpan() as { readonly name?: string } | undefined;
  if (parent?.name !== FETCH) return {};
  return { 'jwks.request': METADATA.test(path ?? '') ? 'discovery' : 'keys' };
}
