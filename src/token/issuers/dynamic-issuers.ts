import {
  badOption,
  checkFunction,
  checkMembers,
  checkNoPromise,
  checkStrings,
} from '../../common/option-checks.js';
import { resolveIssuer, type IssuerRules } from './issuer-rules.js';
import type { IssuerOptions } from '../token.options.js';

/** Issuers that are not known at start, such as those of an application's tenants. */
export interface DynamicIssuers {
  /**
   * Returns whether tokens of this issuer may be accepted. Called for every token, with the unverified `iss`, before
   * anything else; synchronous, and best a comparison with something fixed (a host, a pattern, a table).
   */
  allow(issuer: string): boolean;
  /**
   * Returns the options of an allowed issuer, under exactly that name; undefined when there is no such issuer. Called once
   * for the first tokens of an issuer, and again after `KeyRings.forget`. What it throws becomes `keys_unavailable`.
   */
  resolve(
    issuer: string,
  ): Partial<IssuerOptions> | undefined | null | Promise<Partial<IssuerOptions> | undefined | null>;
}

/** {@link DynamicIssuers}, with what they return checked. */
export interface ResolvedDynamicIssuers {
  /** The audience of each issuer that has none of its own; undefined when each must have one. */
  readonly audience: readonly string[] | undefined;
  /** @throws TypeError when the application returned anything but true or false */
  readonly allow: (issuer: string) => boolean;
  /** @throws TypeError when the application returned wrong options, or those of another issuer */
  readonly resolve: (issuer: string) => Promise<IssuerRules | undefined>;
}

const BOOLEAN = 'must return true or false';

/** Used as the issuer while the options beside `issuers` are checked at start. */
const ANY_ISSUER: IssuerOptions = { issuer: 'https://issuer.invalid', audience: 'any' };

/**
 * Checks the options; `shared` are those beside `issuers`.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveDynamicIssuers(
  given: DynamicIssuers,
  shared: Partial<IssuerOptions>,
  allowHttp: boolean,
): ResolvedDynamicIssuers {
  // A provider of the application may have members of its own.
  const isPlain = Object.getPrototypeOf(given ?? null) === Object.prototype;
  checkMembers('issuers', given, isPlain ? ['allow', 'resolve'] : Object.keys(given));
  for (const name of ['allow', 'resolve'] as const) {
    if (given[name] === undefined) throw badOption(`issuers.${name}`, 'is missing');
    checkFunction(`issuers.${name}`, given[name]);
  }
  resolveIssuer({ ...ANY_ISSUER, ...shared }, '', allowHttp);
  return {
    audience: shared.audience ? checkStrings('audience', shared.audience) : undefined,
    allow: (issuer) => {
      const answer: unknown = given.allow(issuer);
      // A promise is truthy: an asynchronous rule would let everybody in.
      checkNoPromise('issuers.allow', answer, BOOLEAN);
      if (typeof answer !== 'boolean') throw badOption('issuers.allow', BOOLEAN);
      return answer;
    },
    resolve: async (issuer) => {
      const options = await given.resolve(issuer);
      if (options === undefined || options === null) return undefined;
      const rules = resolveIssuer({ ...shared, ...(options as IssuerOptions) }, RESOLVED, allowHttp);
      if (rules.issuer === issuer) return rules;
      throw badOption(`${RESOLVED}issuer`, 'must be the issuer that was passed to it');
    },
  };
}

/** Goes before the names of options in errors. */
const RESOLVED = 'issuers.resolve().';
