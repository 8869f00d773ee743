import type { INestApplicationContext } from '@nestjs/common';
import { systemClock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import { JwksFetchError } from '../http/jwks-fetch.error.js';
import { fetchMetadata, jwksUriIn } from '../keys/source/discovery.js';
import { issuersOf, keyOptionsOf } from './auth-module-options.js';
import type { OAuthFlows } from './openapi-document.js';

/** What the metadata of an issuer says of its flows (RFC 8414 §2), unchecked. */
interface FlowMetadata {
  readonly authorization_endpoint?: unknown;
  readonly token_endpoint?: unknown;
  readonly grant_types_supported?: unknown;
  readonly scopes_supported?: unknown;
}

/** RFC 8414 §2. */
const DEFAULT_GRANT_TYPES = ['authorization_code', 'implicit'];

/**
 * The OAuth 2 flows of the only issuer, from its metadata: for `describeSecurity` with `scheme: 'oauth2'`, or for
 * `DocumentBuilder.addOAuth2`. Fetched as the keys are, with `keys.timeoutMs` and the other limits.
 *
 * @throws TypeError without AuthModule, and without a single issuer that is a URL
 * @throws Error when the metadata cannot be had, is that of another issuer, or names no flow with a token endpoint
 */
export async function discoverFlows(app: INestApplicationContext): Promise<OAuthFlows> {
  const [only, ...others] = issuersOf(app);
  const keys = keyOptionsOf(app);
  if (only === undefined || keys === undefined || others.length > 0 || !/^https?:/.test(only.issuer))
    throw new TypeError('nestjs-jwks-auth: discoverFlows needs one issuer that is a URL');
  const { issuer } = only;
  const cancel = new AbortController();
  const options = { ...keys, headerOrigins: [new URL(issuer).origin], clock: systemClock };
  const fetched = fetchMetadata(issuer, options, cancel.signal);
  const metadata = await withDeadline(systemClock, keys.timeoutMs, fetched, timedOut, true);
  // Throws for the metadata of another issuer.
  jwksUriIn(metadata, issuer, keys.allowHttp);
  const flows = flowsIn(metadata);
  if (Object.keys(flows).length === 0)
    throw new Error(`the metadata of ${issuer} names no flow with a token endpoint`);
  return flows;

  function timedOut(): never {
    const timeout = new JwksFetchError('timeout', { message: `${issuer} did not respond in time` });
    cancel.abort(timeout);
    throw timeout;
  }
}

/** OpenAPI 3.0 §4.7.28; the implicit and the password flow are left out (RFC 9700 §2.1.2 and §2.4). */
function flowsIn(metadata: FlowMetadata): OAuthFlows {
  const { authorization_endpoint: authorizationUrl, token_endpoint: tokenUrl } = metadata;
  const { grant_types_supported: grantTypes = DEFAULT_GRANT_TYPES } = metadata;
  const supports = (grantType: string) => Array.isArray(grantTypes) && grantTypes.includes(grantType);
  const scopes = scopesIn(metadata);
  if (!isUrl(tokenUrl)) return {};
  return {
    ...(isUrl(authorizationUrl) &&
      supports('authorization_code') && { authorizationCode: { authorizationUrl, tokenUrl, scopes } }),
    ...(supports('client_credentials') && { clientCredentials: { tokenUrl, scopes } }),
  };
}

/** The scopes, each with a description, which metadata has none of. */
function scopesIn({ scopes_supported: scopes }: FlowMetadata): Readonly<Record<string, string>> {
  const names = (Array.isArray(scopes) ? scopes : []).filter((scope) => typeof scope === 'string');
  return Object.fromEntries(names.map((name) => [name, '']));
}

const isUrl = (value: unknown): value is string => typeof value === 'string' && URL.canParse(value);
