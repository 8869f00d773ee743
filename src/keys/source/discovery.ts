import { fetchJson, type FetchOptions } from '../../http/fetch-json.js';
import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import { isLoopback, isPlainUrl, isSecureUrl } from '../../http/safe-url.js';

/**
 * Finds the `jwks_uri` of an issuer in its metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).
 *
 * @throws JwksFetchError when no address has the metadata, when it names another issuer (RFC 8414 §3.3), or when its
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
  checkJwksUri(jwksUri, issuer, options.allowHttp);
  return jwksUri;
}

function checkJwksUri(jwksUri: string, issuer: string, allowHttp: boolean): void {
  const [url, issuerUrl] = [new URL(jwksUri), new URL(issuer)];
  const isDowngrade = issuerUrl.protocol === 'https:' && url.protocol !== 'https:' && !allowHttp;
  const leadsInside = isLoopback(url) && !isLoopback(issuerUrl);
  if (!isSecureUrl(url, allowHttp) || isDowngrade || leadsInside) {
    throw new JwksFetchError('insecure_url', {
      message: `the jwks_uri of ${issuer} is not https, or leads to loopback`,
    });
  }
  if (!isPlainUrl(jwksUri)) {
    throw new JwksFetchError('discovery_invalid', {
      message: `the jwks_uri of ${issuer} holds credentials, spaces or control characters`,
    });
  }
}

/** The addresses that providers use, in the order in which they are tried. */
function metadataAddresses(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const [openid, oauth] = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
  const addresses = [path + openid, oauth + path, openid + path, path + oauth];
  return [...new Set(addresses)].map((address) => origin + address);
}

/** From the first address that has a document. An issuer that is down, or asks for a pause, is not tried further. */
async function fetchMetadata(
  issuer: string,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  let failure: JwksFetchError | undefined;
  for (const address of metadataAddresses(issuer)) {
    try {
      return asMetadata((await fetchJson(address, {}, options, signal)).json);
    } catch (error) {
      if (!(error instanceof JwksFetchError) || signal.aborted) throw error;
      failure ??= at(address, error);
      if (!hasNoDocument(error)) throw at(address, error);
    }
  }
  throw failure ?? new JwksFetchError('discovery_invalid');
}

/** A client error, a redirect, a page, or JSON that is no metadata: the document may be at another address. */
function hasNoDocument({ code, status = 0 }: JwksFetchError): boolean {
  if (code === 'not_json' || code === 'redirect' || code === 'discovery_invalid') return true;
  return code === 'http_status' && status >= 400 && status < 500 && status !== 429;
}

const at = (address: string, error: JwksFetchError): JwksFetchError =>
  new JwksFetchError(error.code, {
    message: `${address}: ${error.message}`,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
    cause: error.cause,
  });

function asMetadata(json: unknown): Record<string, unknown> {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  if (isObject && Object.hasOwn(json, 'issuer')) return json as Record<string, unknown>;
  throw new JwksFetchError('discovery_invalid', { message: 'the discovery document names no issuer' });
}

/** Short, and without control characters: it goes into a log line. */
const printable = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : `(${typeof value})`;
