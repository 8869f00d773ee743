import { systemClock } from '../common/clock.js';
import { fetchJson } from '../http/fetch-json.js';
import { importKeySet, type ImportedKeySet } from '../jwk/key-set.js';
import { fetchMetadata } from '../keys/source/discovery.js';
import { HttpJwksSource } from '../keys/source/http-source.js';
import type { JwksResponse } from '../keys/source/jwks-source.js';
import { attempt, type Attempt } from './attempt.js';
import { isWebUrl, type ResolvedDiagnoseOptions } from './diagnose.options.js';
import { providerOf, type Provider } from './provider.js';
import { readToken, type ReadToken } from './token/read-token.js';

/** The metadata of an issuer (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), unchecked. */
export type Metadata = Readonly<Record<string, unknown>>;

/** Everything that was fetched and read, before anything is concluded from it. */
export interface Examination {
  readonly options: ResolvedDiagnoseOptions;
  readonly token: ReadToken | undefined;
  /** Undefined where the issuer is no URL that may be fetched. */
  readonly discovery: Attempt<Metadata> | undefined;
  /** Undefined where its address is not known. */
  readonly jwks: Attempt<JwksResponse> | undefined;
  readonly imported: ImportedKeySet | undefined;
  /** What the issuer's address itself responds with, where no metadata was found below it. */
  readonly itself: Attempt<unknown> | undefined;
  /** What is at the address of the keys, where it is JSON and no JWK Set. */
  readonly jwksDocument: Attempt<unknown> | undefined;
  /** An issuer nearby that has metadata, where the one that was given has none. */
  readonly nearby: string | undefined;
  /** How far this clock is ahead of the issuer's, in milliseconds; undefined where the issuer does not state its time. */
  readonly skewMs: number | undefined;
  readonly provider: Provider;
  readonly nowMs: number;
}

const WELL_KNOWN = /\/\.well-known\/(openid-configuration|oauth-authorization-server)/;

/** The issuer without a well-known path: where a discovery URL was given for it. */
export const withoutWellKnown = (issuer: string): string => {
  const before = issuer.replace(WELL_KNOWN, '');
  return before === issuer ? issuer : before.replace(/\/$/, '');
};

/** Fetches what there is to fetch, and reads the token. */
export async function examine(options: ResolvedDiagnoseOptions): Promise<Examination> {
  const { jwksUri, rules, keys } = options;
  const token = options.token === undefined ? undefined : readToken(options.token);
  const issuer = withoutWellKnown(options.issuer.trim());
  const origins = [issuer, jwksUri].filter(isWebUrl).map((address) => new URL(address).origin);
  const discovery = isWebUrl(issuer)
    ? await attempt<Metadata>(issuer, keys, origins, (fetchOptions, signal, onAddress) =>
        fetchMetadata(plainIssuer(issuer), fetchOptions, signal, onAddress),
      )
    : undefined;
  const metadata = discovery?.value;
  const jwks = await fetchKeys(options, issuer, metadata, origins);
  const members = jwks?.value?.keys;
  const isLost =
    jwksUri === undefined &&
    metadata === undefined &&
    isWebUrl(issuer) &&
    hasAnswered(discovery) &&
    !isWithoutJwksUri(discovery?.failure);
  return {
    options,
    token,
    discovery,
    jwks,
    imported: members === undefined ? undefined : importKeySet(members, rules.algorithms),
    itself: isLost ? await fetchDocument(options.issuer, options, origins) : undefined,
    jwksDocument:
      jwks?.failure?.code === 'not_a_key_set'
        ? await fetchDocument(jwks.address, options, origins)
        : undefined,
    nearby: isLost ? await findNearby(issuer, options, origins) : undefined,
    skewMs: skewOf([discovery, jwks]),
    provider: providerOf([issuer, token?.claims?.['iss'], metadata?.['issuer']], metadata),
    nowMs: systemClock.wallNow(),
  };
}

/** Without query and fragment, which no well-known path can follow. */
const plainIssuer = (issuer: string): string => issuer.replace(/[?#].*$/s, '');

/** As the module fetches them: where the metadata is of another issuer, as the module of that issuer would. */
async function fetchKeys(
  { jwksUri, keys }: ResolvedDiagnoseOptions,
  issuer: string,
  metadata: Metadata | undefined,
  origins: readonly string[],
): Promise<Attempt<JwksResponse> | undefined> {
  const found = metadata?.['jwks_uri'];
  const isOwn = metadata?.['issuer'] === issuer;
  const address = jwksUri ?? (isWebUrl(found) ? found : undefined);
  if (address === undefined) return undefined;
  return attempt(address, keys, origins, (fetchOptions, signal) => {
    const named = jwksUri === undefined && isOwn ? undefined : address;
    const source = new HttpJwksSource({
      ...fetchOptions,
      issuer,
      jwksUri: named,
      timeoutMs: keys.timeoutMs,
    });
    return source.fetch(undefined, signal);
  });
}

const fetchDocument = (
  address: string,
  { keys }: ResolvedDiagnoseOptions,
  origins: readonly string[],
): Promise<Attempt<unknown>> =>
  attempt<unknown>(address, keys, origins, async (options, signal) => {
    const { json } = await fetchJson(address, {}, options, signal);
    return json;
  });

/** True of metadata that was found, and names no keys. */
export const isWithoutJwksUri = (failure: Error | undefined): boolean =>
  failure?.message.includes('no jwks_uri') ?? false;

/** True where the host responded, so that the path may be what is wrong. */
const hasAnswered = (discovery: Attempt<unknown> | undefined): boolean =>
  discovery !== undefined && discovery.heads.length > 0 && (discovery.failure?.status ?? 0) < 500;

/** Looks for metadata at the paths that are confused most: above the one given, and with or without a usual part. */
async function findNearby(
  issuer: string,
  { keys }: ResolvedDiagnoseOptions,
  origins: readonly string[],
): Promise<string | undefined> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const segments = path.split('/').filter((segment) => segment !== '');
  const above = segments.map((_, index) => `/${segments.slice(0, segments.length - 1 - index).join('/')}`);
  const paths = [
    `/auth${path}`,
    path.replace(/^\/auth\b/, ''),
    ...above,
    `${path}/oauth2/default`,
    `${path}/v2.0`,
  ];
  const others = [...new Set(paths.map((one) => one.replace(/\/$/, '')))].filter((one) => one !== path);
  const found = await attempt(issuer, keys, origins, async (options, signal) => {
    for (const other of others.slice(0, 10)) {
      const { json } = await fetchJson(
        `${origin}${other}/.well-known/openid-configuration`,
        {},
        options,
        signal,
      ).catch(() => ({ json: undefined }));
      const named: unknown = Object(json).issuer;
      if (typeof named === 'string') return named;
    }
    return undefined;
  });
  return found.value;
}

/** The smallest that a response shows: a cache on the way can only add to it. */
function skewOf(attempts: readonly (Attempt<unknown> | undefined)[]): number | undefined {
  const skews = attempts.flatMap((one) => one?.skews ?? []);
  return skews.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0];
}
