import { badOption, checkMembers } from './errors/option-checks.js';
import { resolveGuardOptions, type GuardOptions, type ResolvedGuardOptions } from './guard/guard.options.js';
import { resolveKeyOptions, type KeyOptions, type ResolvedKeyOptions } from './keys/key.options.js';
import { ISSUER_OPTION_NAMES, resolveIssuer, type IssuerRules } from './token/issuer-rules.js';
import {
  resolveTokenOptions,
  TOKEN_OPTION_DEFAULTS,
  type IssuerOptions,
  type ResolvedTokenOptions,
  type TokenOptions,
} from './token/token.options.js';

/** What `AuthModule` is configured with: one `issuer`, or several `issuers`. */
export interface AuthOptions extends Partial<IssuerOptions>, TokenOptions, GuardOptions {
  /**
   * Several issuers, found by their exact names. What is given beside them (`audience`, `algorithms`, `tokenType`,
   * `requiredClaims`) holds for each that says nothing else.
   */
  readonly issuers?: readonly IssuerOptions[];
  /** How the issuers' keys are fetched and kept. */
  readonly keys?: KeyOptions;
}

/** What a class given as `useClass` or `useExisting` implements. */
export interface AuthOptionsFactory {
  createAuthOptions(): AuthOptions | Promise<AuthOptions>;
}

/** {@link AuthOptions} checked, and with the defaults filled in. */
export interface ResolvedAuthOptions {
  readonly issuers: readonly IssuerRules[];
  readonly token: ResolvedTokenOptions;
  readonly keys: ResolvedKeyOptions;
  readonly guard: ResolvedGuardOptions;
}

/** Options of the module builder, which go beside the factory and not into what it returns. */
const MODULE_EXTRAS = ['isGlobal', 'guardEveryRoute'];
const NAMES = [
  ...ISSUER_OPTION_NAMES,
  ...Object.keys(TOKEN_OPTION_DEFAULTS),
  'issuers',
  'jwtFromRequest',
  'claims',
  'realm',
  'validate',
  'keys',
];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveAuthOptions(given: AuthOptions): ResolvedAuthOptions {
  const misplaced = MODULE_EXTRAS.find((name) => Object.hasOwn(given ?? {}, name));
  if (misplaced !== undefined) throw badOption(misplaced, 'goes beside useFactory, not into what it returns');
  checkMembers('', given, NAMES);
  const keys = resolveKeyOptions(given.keys);
  const issuers = resolveIssuers(given, keys.allowHttp);
  return {
    issuers,
    token: resolveTokenOptions(pick(given, Object.keys(TOKEN_OPTION_DEFAULTS))),
    keys,
    guard: resolveGuardOptions(given, issuers[0]?.audience?.[0]),
  };
}

function resolveIssuers(given: AuthOptions, allowHttp: boolean): readonly IssuerRules[] {
  const common = pick(given, ISSUER_OPTION_NAMES) as Partial<IssuerOptions>;
  if (given.issuers === undefined) return [resolveIssuer(common as IssuerOptions, '', allowHttp)];
  const { issuer, jwksUri, ...shared } = common;
  if (issuer !== undefined) throw badOption('issuer', 'contradicts "issuers": give one of the two');
  if (jwksUri !== undefined) throw badOption('jwksUri', 'contradicts "issuers": give it with each of them');
  if (!Array.isArray(given.issuers) || given.issuers.length === 0)
    throw badOption('issuers', 'must be a non-empty array');
  const issuers = (given.issuers as readonly IssuerOptions[]).map((one, index) =>
    resolveIssuer({ ...shared, ...one }, `issuers[${index}].`, allowHttp),
  );
  const names = issuers.map(({ issuer: name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badOption('issuers', `names ${twice} twice`);
  return issuers;
}

const pick = (given: object, names: readonly string[]): object =>
  Object.fromEntries(
    Object.entries(given).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
