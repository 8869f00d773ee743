import { isJsonObject } from '../../common/json-object.js';
import { printable } from '../../common/printable.js';
import { isThisMachine } from '../../http/blocked-addresses.js';
import { fetchJson, type FetchOptions } from '../../http/fetch-json.js';
import { JwksFetchError, withAddress } from '../../http/jwks-fetch.error.js';
import { isPlainUrl, isSecureUrl } from '../../http/safe-url.js';

/**
 * Finds the `jwks_uri` of an issuer in its metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).
 *
 * @param onAddress is called with each address before it is fetched
 * @throws JwksFetchError when no address has the metadata, when it names another issuer (RFC 8414 §3.3), or when its
 * `jwks_uri` is no secure URL, or holds credentials (RFC 9110 §4.2.4)
 */
export async function discoverJwksUri(
  issuer: string,
  options: FetchOptions,
  signal: AbortSignal,
  onAddress?: (address: string) => void,
): Promise<string> {
  return jwksUriIn(await fetchMetadata(issuer, options, signal, onAddress), issuer, options.allowHttp);
}

/** The `jwks_uri` in the metadata of an issuer. @throws JwksFetchError as {@link discoverJwksUri} */
export function jwksUriIn(
  metadata: Readonly<Record<string, unknown>>,
  issuer: string,
  allowHttp: boolean,
): string {
  if (metadata['issuer'] !== issuer) {
    throw new JwksFetchError('discovery_mismatch', {
      message: `the discovery document of ${issuer} names another issuer: ${quoted(metadata['issuer'])}`,
    });
  }
  const jwksUri = metadata['jwks_uri'] as string;
  checkJwksUri(jwksUri, issuer, allowHttp);
  return jwksUri;
}

function checkJwksUri(jwksUri: string, issuer: string, allowHttp: boolean): void {
  const [url, issuerUrl] = [new URL(jwksUri), new URL(issuer)];
  const isDowngrade = issuerUrl.protocol === 'https:' && url.protocol !== 'https:' && !allowHttp;
  const leadsInside = isThisMachine(url) && !isThisMachine(issuerUrl);
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

/**
 * The metadata at the first address that has any; whose it is remains to be checked. An issuer that is down, or responds
 * with 429, is not tried further.
 *
 * @throws JwksFetchError when no address has metadata
 */
export async function fetchMetadata(
  issuer: string,
  options: FetchOptions,
  signal: AbortSignal,
  onAddress: (address: string) => void = () => {},
): Promise<Record<string, unknown>> {
  let failure: JwksFetchError | undefined;
  for (const address of metadataAddresses(issuer)) {
    onAddress(address);
    try {
      return asMetadata((await fetchJson(address, {}, options, signal)).json, issuer);
    } catch (error) {
      if (!(error instanceof JwksFetchError) || signal.aborted) throw error;
      // An error in a document is of more use than the lack of one elsewhere.
      if (failure === undefined || (error.code === 'discovery_invalid' && failure.code !== error.code))
        failure = withAddress(address, error);
      if (!hasNoDocument(error)) throw withAddress(address, error);
    }
  }
  throw failure ?? new JwksFetchError('discovery_invalid');
}

/** A client error, a redirect, a page, or JSON that is no metadata: the document may be at another address. */
function hasNoDocument({ code, status = 0 }: JwksFetchError): boolean {
  if (['not_json', 'too_large', 'redirect', 'discovery_invalid'].includes(code)) return true;
  return code === 'http_status' && status < 500 && status !== 429;
}

/** Metadata with an issuer and, if that is this one, a `jwks_uri`. */
function asMetadata(metadata: unknown, issuer: string): Readonly<Record<string, unknown>> {
  const invalid = (message: string) => new JwksFetchError('discovery_invalid', { message });
  if (!isJsonObject(metadata) || !Object.hasOwn(metadata, 'issuer'))
    throw invalid('the discovery document names no issuer');
  const jwksUri = metadata['jwks_uri'];
  if (metadata['issuer'] === issuer && (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)))
    throw invalid(`the discovery document of ${issuer} has no jwks_uri`);
  return metadata;
}

const quoted = (value: unknown): string =>
  typeof value === 'string' ? `"${printable(value)}"` : `(${typeof value})`;
