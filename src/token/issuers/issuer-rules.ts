import { badOption, checkMembers, checkStrings } from '../../common/option-checks.js';
import { isPrintable } from '../../common/printable.js';
import { ALGORITHMS, DEFAULT_ALGORITHMS, UNAVAILABLE_ALGORITHMS } from '../../jwk/algorithms.js';
import { isPlainUrl, isSecureUrl } from '../../http/safe-url.js';
import { absent, present, type ClaimRequirement, type IssuerOptions } from '../token.options.js';

/** {@link IssuerOptions} with the defaults filled in: the rules that a token of this issuer is checked against. */
export interface IssuerRules {
  readonly issuer: string;
  /** Null: not checked. */
  readonly audience: readonly string[] | null;
  readonly jwksUri: string | undefined;
  readonly algorithms: readonly string[];
  /** Media types as {@link mediaType} writes them; undefined: any that may be an access token's. */
  readonly tokenType: readonly string[] | undefined;
  readonly requiredClaims: Readonly<Record<string, readonly ClaimRequirement[]>>;
}

/** Injection token of the {@link IssuerRules} of the configured issuers; none where they are dynamic. */
export const ISSUERS = Symbol('nestjs-jwks-auth issuers');

/** The names of {@link IssuerOptions}. */
export const ISSUER_OPTION_NAMES = [
  'issuer',
  'audience',
  'jwksUri',
  'algorithms',
  'tokenType',
  'requiredClaims',
] as const satisfies readonly (keyof IssuerOptions)[];

/**
 * Fills in the defaults for one issuer. `prefix` goes before the names of options in errors.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveIssuer(given: IssuerOptions, prefix: string, allowHttp: boolean): IssuerRules {
  checkMembers(prefix.replace(/\.$/, ''), given, ISSUER_OPTION_NAMES);
  if (given.jwksUri === undefined) {
    checkDiscoverable(`${prefix}issuer`, given.issuer, allowHttp);
  } else {
    checkName(`${prefix}issuer`, given.issuer);
    checkUrl(`${prefix}jwksUri`, given.jwksUri, allowHttp);
  }
  const tokenType = resolveTokenType(`${prefix}tokenType`, given.tokenType);
  const requiredClaims = resolveRequiredClaims(`${prefix}requiredClaims`, given.requiredClaims);
  return {
    issuer: given.issuer,
    audience: resolveAudience(`${prefix}audience`, given, tokenType),
    jwksUri: given.jwksUri,
    algorithms: resolveAlgorithms(`${prefix}algorithms`, given.algorithms),
    tokenType,
    requiredClaims,
  };
}

/** `typ` of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4). */
export const LOGOUT_TYPE = 'logout+jwt';

/** `typ` as it is compared (RFC 7515 §4.1.9): media types compare without case, `application/` may be left out. */
export const mediaType = (typ: string): string => typ.toLowerCase().replace(/^application\//, '');

/** RFC 8414 §2: an https URL without query and fragment. */
function checkDiscoverable(name: string, value: unknown, allowHttp: boolean): void {
  checkUrl(name, value, allowHttp, ', unless jwksUri is given');
  if (/[?#]/.test(value as string)) throw badOption(name, 'must have no query and no fragment');
}

/** Only compared, never fetched: any StringOrURI (RFC 7519 §2). It labels logs and metrics. */
function checkName(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw badOption(name, 'must be a non-empty string');
  if (!value.includes(':')) {
    if (!isPrintable(value)) throw badOption(name, 'must hold no control characters');
    return;
  }
  if (!URL.canParse(value)) throw badOption(name, 'holds a colon, and must then be a URI');
  checkPlain(name, value);
}

function checkUrl(name: string, value: unknown, allowHttp: boolean, unless = ''): void {
  if (typeof value !== 'string' || !URL.canParse(value))
    throw badOption(name, `must be an https URL${unless}`);
  const url = new URL(value);
  if (!isSecureUrl(url, allowHttp)) {
    throw badOption(
      name,
      `must be an https URL${unless}; http is for loopback, or for where keys.allowHttp says so`,
    );
  }
  checkPlain(name, value);
}

function checkPlain(name: string, value: string): void {
  if (!isPlainUrl(value))
    throw badOption(name, 'must hold no credentials, no spaces and no control characters');
}

function resolveTokenType(name: string, given: IssuerOptions['tokenType']): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const types = checkStrings(name, given);
  const wrong = types.find((type) => !MEDIA_TYPE.test(type));
  if (wrong !== undefined) {
    throw badOption(name, `holds ${JSON.stringify(wrong)}, which is no media type without parameters`);
  }
  if (types.map(mediaType).includes(LOGOUT_TYPE))
    throw badOption(name, `holds ${LOGOUT_TYPE}, the type of logout tokens, which are no access tokens`);
  return types.map(mediaType);
}

/** RFC 6838 §4.2; what is before the slash may be left out. */
const MEDIA_TYPE = /^([a-z\d][\w!#$&^.+-]*\/)?[a-z\d][\w!#$&^.+-]*$/i;
/** Types of any JWT: ID tokens have them too. */
const GENERIC_TYPES = ['jwt', 'jose'];

function resolveAudience(
  name: string,
  { audience, requiredClaims }: IssuerOptions,
  tokenType: readonly string[] | undefined,
): readonly string[] | null {
  if (audience !== null) return checkStrings(name, audience);
  const isDistinctive = tokenType !== undefined && !tokenType.some((type) => GENERIC_TYPES.includes(type));
  if (!isDistinctive && requiredClaims === undefined) {
    throw badOption(
      name,
      "is null, which needs tokenType: 'at+jwt', requiredClaims, or requiredClaims: null",
    );
  }
  return null;
}

function resolveAlgorithms(name: string, given: readonly string[] = DEFAULT_ALGORITHMS): readonly string[] {
  if (!Array.isArray(given) || given.length === 0) throw badOption(name, 'must be a non-empty array');
  for (const algorithm of given as readonly unknown[]) {
    const problem = problemWith(algorithm);
    if (problem !== undefined) throw badOption(name, `holds ${JSON.stringify(algorithm)}${problem}`);
  }
  return given;
}

function problemWith(algorithm: unknown): string | undefined {
  if (typeof algorithm !== 'string') return ', which is not a string';
  if (ALGORITHMS.has(algorithm)) return undefined;
  if (/^(HS\d+|none)$/i.test(algorithm)) return ': only signatures by a private key are accepted';
  if (UNAVAILABLE_ALGORITHMS.includes(algorithm)) {
    return `, which the OpenSSL of this Node.js (${process.version}) does not have; Node.js 24.7 does`;
  }
  return `, which is not one of ${[...ALGORITHMS.keys()].join(', ')}`;
}

function resolveRequiredClaims(
  name: string,
  given: IssuerOptions['requiredClaims'],
): Readonly<Record<string, readonly ClaimRequirement[]>> {
  if (given === undefined || given === null) return {};
  checkMembers(name, given, Object.keys(given));
  const entries = Object.entries(given as Record<string, unknown>).map(([claim, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length === 0 || !values.every(isRequirement)) {
      throw badOption(
        `${name}.${claim}`,
        'must be a string, number or boolean, present or absent, or a non-empty array of them',
      );
    }
    return [claim, values] as const;
  });
  if (entries.length === 0) throw badOption(name, 'is empty; null says that none is wanted');
  return Object.fromEntries(entries);
}

const isRequirement = (value: unknown): value is ClaimRequirement =>
  value === present ||
  value === absent ||
  (['string', 'number', 'boolean'].includes(typeof value) && !Number.isNaN(value));
