import { badOption, checkMembers, withoutUndefined } from '../common/option-checks.js';
import { resolveKeyOptions, type KeyOptions, type ResolvedKeyOptions } from '../keys/key.options.js';
import { resolveGrantClaims, type GrantClaims, type GrantPaths } from '../requirements/grant-claims.js';
import { ISSUER_OPTION_NAMES, resolveIssuer, type IssuerRules } from '../token/issuers/issuer-rules.js';
import {
  resolveTokenOptions,
  type IssuerOptions,
  type ResolvedTokenOptions,
  type TokenOptions,
} from '../token/token.options.js';

/** What is examined. The options are those of `AuthModule`, so that what holds there holds here. */
export interface DiagnoseOptions
  extends IssuerOptions, Pick<TokenOptions, 'clockToleranceMs' | 'senderConstrained' | 'maxTokenBytes'> {
  /** A token that is refused, or should be accepted. Nothing of it is written anywhere but its names and times. */
  readonly token?: string | Uint8Array;
  /** Where scopes, permissions and roles are. */
  readonly claims?: GrantClaims;
  /** How the keys are fetched; `store` is not used. */
  readonly keys?: KeyOptions;
  /** The URL of a protected resource whose metadata (RFC 9728) is examined too. */
  readonly resource?: string;
}

/** {@link DiagnoseOptions} checked, and with the defaults filled in. */
export interface ResolvedDiagnoseOptions {
  /** As given, also where `AuthModule` would not start with it. */
  readonly issuer: string;
  readonly jwksUri: string | undefined;
  readonly rules: IssuerRules;
  /** What `AuthModule` says of the issuer or the `jwksUri` at its start; undefined when it starts. */
  readonly problem: string | undefined;
  readonly token: string | Uint8Array | undefined;
  readonly tokenOptions: ResolvedTokenOptions;
  readonly grantPaths: GrantPaths;
  readonly keys: ResolvedKeyOptions;
  readonly resource: string | undefined;
}

const TOKEN_NAMES = ['clockToleranceMs', 'senderConstrained', 'maxTokenBytes'] as const;
const NAMES = [...ISSUER_OPTION_NAMES, ...TOKEN_NAMES, 'token', 'claims', 'keys', 'resource'];
/** What is not given is not checked. */
const UNCHECKED: Partial<IssuerOptions> = { audience: null, requiredClaims: null };
/** Stands in for an issuer while the options beside it are checked. */
const ANY_ISSUER = 'https://issuer.invalid';

/**
 * Checks the options and fills in the defaults. An issuer that `AuthModule` refuses is no error here: it becomes a finding.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveDiagnoseOptions(given: DiagnoseOptions): ResolvedDiagnoseOptions {
  checkMembers('', given, NAMES);
  const { issuer, jwksUri, token, resource, claims = {}, keys, ...others } = withoutUndefined(given);
  if (typeof issuer !== 'string' || !isIssuer(issuer, jwksUri))
    throw badOption('issuer', 'must be an https URL, or beside jwksUri the name in iss');
  if (jwksUri !== undefined && !isWebUrl(jwksUri)) throw badOption('jwksUri', 'must be an https URL');
  if (resource !== undefined && !isWebUrl(resource)) throw badOption('resource', 'must be an https URL');
  if (token !== undefined && typeof token !== 'string' && !(token instanceof Uint8Array))
    throw badOption('token', 'must be a string or bytes');
  const resolvedKeys = resolveKeyOptions(keys);
  const common: Partial<IssuerOptions> = {
    ...UNCHECKED,
    ...pick(others, ISSUER_OPTION_NAMES),
  };
  const rules = { ...resolveIssuer({ ...common, issuer: ANY_ISSUER }, '', true), issuer, jwksUri };
  return {
    issuer,
    jwksUri,
    rules,
    problem: problemWith({ ...common, issuer, ...(jwksUri !== undefined && { jwksUri }) }, resolvedKeys),
    token,
    tokenOptions: resolveTokenOptions(pick(others, TOKEN_NAMES)),
    grantPaths: resolveGrantClaims(claims),
    keys: resolvedKeys,
    resource,
  };
}

/** What the start of the module says. */
function problemWith(given: IssuerOptions, { allowHttp }: ResolvedKeyOptions): string | undefined {
  try {
    resolveIssuer(given, '', allowHttp);
    return undefined;
  } catch (error) {
    return (error as TypeError).message.replace('nestjs-jwks-auth: ', '');
  }
}

/** True for a text that is meant as a URL of the web. */
export const isWebUrl = (text: unknown): text is string => typeof text === 'string' && isWebAddress(text);

const isWebAddress = (text: string): boolean => URL.canParse(text) && /^https?:\/\//i.test(text.trim());

const isIssuer = (issuer: string, jwksUri: unknown): boolean =>
  isWebAddress(issuer) || (jwksUri !== undefined && issuer.trim() !== '');

const pick = (given: object, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
