import { fetchJson, type FetchOptions } from '../../http/fetch-json.js';
import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import { isPlainUrl, isSecureUrl } from '../../http/safe-url.js';

/**
 * Finds the `jwks_uri` of an issuer: OpenID Connect Discovery 1.0 §4, and RFC 8414 §3 where the issuer has no such
 * document.
 *
 * @throws JwksFetchError when neither can be fetched, when the document names another issuer (RFC 8414 §3.3), or when its
 * `jwks_uri` is no secure URL, or holds credentials (RFC 9110 §4.2.4)
 */
export async function discoverJwksUri(
  issuer: string,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<string> {
  const metadata = await fetchMetadata(issuer, options, signal);
  if (metadata['issuer'] !== issuer) {
    throw new JwksFetchError('discovery_mismatch', {
      message: `the discovery document of ${issuer} names another issuer: ${printable(metadata['issuer'])}`,
    });
  }
  const jwksUri = metadata['jwks_uri'];
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) {
    throw new JwksFetchError('discovery_invalid', {
      message: `the discovery document of ${issuer} has no jwks_uri`,
    });
  }
  if (!isSecureUrl(new URL(jwksUri), options.allowHttp)) {
    throw new JwksFetchError('insecure_url', {
      message: `the jwks_uri of ${issuer} is neither https nor loopback`,
    });
  }
  if (!isPlainUrl(jwksUri)) {
    throw new JwksFetchError('discovery_invalid', {
      message: `the jwks_uri of ${issuer} holds credentials, spaces or control characters`,
    });
  }
  return jwksUri;
}

async function fetchMetadata(
  issuer: string,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const fetchOne = async (address: string) => asObject((await fetchJson(address, {}, options, signal)).json);
  try {
    return await fetchOne(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  } catch (error) {
    const { status = 0 } = error as JwksFetchError;
    if (status < 400 || status >= 500 || status === 429) throw error;
    const { origin, pathname } = new URL(issuer);
    return fetchOne(`${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`);
  }
}

function asObject(json: unknown): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw new JwksFetchError('discovery_invalid', { message: 'the discovery document is not a JSON object' });
}

/** Short, and without control characters: it goes into a log line. */
const printable = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : `(${typeof value})`;
