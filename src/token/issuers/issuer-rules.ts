import { badOption, checkMembers, checkOneOf, checkStrings } from '../../common/option-checks.js';
import { ALGORITHMS, DEFAULT_ALGORITHMS, UNAVAILABLE_ALGORITHMS } from '../../jwk/algorithms.js';
import { isPlainUrl, isSecureUrl } from '../../http/safe-url.js';
import type { ClaimValue, IssuerOptions } from '../token.options.js';

/** {@link IssuerOptions} with the defaults filled in: the rules that a token of this issuer is checked against. */
export interface IssuerRules {
  readonly issuer: string;
  /** Null: not checked. */
  readonly audience: readonly string[] | null;
  readonly jwksUri: string | undefined;
  readonly algorithms: readonly string[];
  readonly tokenType: 'at+jwt' | undefined;
  readonly requiredClaims: Readonly<Record<string, readonly ClaimValue[]>>;
}

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
  checkUrl(`${prefix}issuer`, given.issuer, allowHttp);
  if (given.jwksUri !== undefined) checkUrl(`${prefix}jwksUri`, given.jwksUri, allowHttp);
  checkOneOf(`${prefix}tokenType`, given.tokenType, [undefined, 'at+jwt']);
  const requiredClaims = resolveRequiredClaims(`${prefix}requiredClaims`, given.requiredClaims);
  return {
    issuer: given.issuer,
    audience: resolveAudience(`${prefix}audience`, given),
    jwksUri: given.jwksUri,
    algorithms: resolveAlgorithms(`${prefix}algorithms`, given.algorithms),
    tokenType: given.tokenType,
    requiredClaims,
  };
}

/** RFC 8414 §2: an https URL without query and fragment. */
function checkUrl(name: string, value: unknown, allowHttp: boolean): void {
  if (typeof value !== 'string' || !URL.canParse(value)) throw badOption(name, 'must be an https URL');
  const url = new URL(value);
  if (!isSecureUrl(url, allowHttp)) {
    throw badOption(name, 'must be an https URL; http is for loopback, or for where keys.allowHttp says so');
  }
  if (!isPlainUrl(value))
    throw badOption(name, 'must hold no credentials, no spaces and no control characters');
  if (name.endsWith('issuer') && /[?#]/.test(value))
    throw badOption(name, 'must have no query and no fragment');
}

function resolveAudience(name: string, given: IssuerOptions): readonly string[] | null {
  const { audience, tokenType, requiredClaims } = given;
  if (audience !== null) return checkStrings(name, audience);
  if (tokenType === undefined && requiredClaims === undefined) {
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
): Readonly<Record<string, readonly ClaimValue[]>> {
  if (given === undefined || given === null) return {};
  checkMembers(name, given, Object.keys(given));
  const entries = Object.entries(given as Record<string, unknown>).map(([claim, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length === 0 || !values.every(isClaimValue)) {
      throw badOption(
        `${name}.${claim}`,
        'must be a string, number or boolean, or a non-empty array of them',
      );
    }
    return [claim, values] as const;
  });
  if (entries.length === 0) throw badOption(name, 'is empty; null says that none is wanted');
  return Object.fromEntries(entries);
}

const isClaimValue = (value: unknown): value is ClaimValue =>
  ['string', 'number', 'boolean'].includes(typeof value);
