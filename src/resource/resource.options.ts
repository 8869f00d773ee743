import { badOption, checkMembers, checkOneOf, checkStrings } from '../common/option-checks.js';
import { checkEndpointPath } from '../endpoint/endpoint.js';
import { isPlainUrl, isSecureUrl } from '../http/safe-url.js';
import { isScope } from '../requirements/scope-hierarchy.js';

/** A protected resource and its metadata (RFC 9728). */
export interface ResourceOptions {
  /**
   * The resource identifier (RFC 9728 §1.2): an https URL without fragment, http on loopback. It is published exactly as
   * it stands here, and is the audience of the tokens.
   */
  readonly identifier: string;
  /**
   * The issuers whose tokens are good here (`authorization_servers`); `null`: none is published. With dynamic issuers one
   * of the two must be given.
   *
   * @default the configured issuers
   */
  readonly authorizationServers?: readonly string[] | null;
  /** The scopes that clients may need (`scopes_supported`). */
  readonly scopes?: readonly string[];
  /** The name for people (`resource_name`). */
  readonly name?: string;
  /** The URL of the documentation for developers (`resource_documentation`). */
  readonly documentation?: string;
  /** The URL of what clients may do with the data (`resource_policy_uri`). */
  readonly policy?: string;
  /** The URL of the terms of service (`resource_tos_uri`). */
  readonly termsOfService?: string;
  /**
   * Serves the document at `/.well-known/oauth-protected-resource` as well, where clients look that ignore the path of the
   * identifier.
   *
   * @default false
   */
  readonly alsoAtRoot?: boolean;
  /** More members (RFC 9728 §2), such as `bearer_methods_supported`, `resource_name#de` or `signed_metadata`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** {@link ResourceOptions}, checked. */
export interface ResolvedResource {
  readonly identifier: string;
  /** Where the metadata document is (RFC 9728 §3), as challenges name it. */
  readonly metadataUrl: string;
  readonly alsoAtRoot: boolean;
  /** The metadata document. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** What a resource takes from the options beside it. */
export interface ResourceContext {
  /** The issuers that are known at start; undefined with dynamic ones. */
  readonly issuers: readonly string[] | undefined;
  /** Authorization servers may have `http:` URLs that are not on loopback. */
  readonly allowHttp: boolean;
}

/** RFC 9728 §3. */
export const WELL_KNOWN_PATH = '/.well-known/oauth-protected-resource';

const NAMES = [
  'identifier',
  'authorizationServers',
  'scopes',
  'name',
  'documentation',
  'policy',
  'termsOfService',
  'alsoAtRoot',
  'extra',
] as const satisfies readonly (keyof ResourceOptions)[];

/** The parts of an identifier: its origin, its path and its query, each as it is written. */
const IDENTIFIER = /^(https?:\/\/[^/?#]+)([^?#]*)(\?[^#]*)?$/i;
/** What clients look for in a challenge, wherever it stands. */
const PARAMETER = /(scope|error|error_description|resource_metadata)=/;

/**
 * Checks a resource, and makes its document.
 *
 * @param name goes before the names of its members in errors
 * @throws TypeError that names the option which is wrong
 */
export function resolveResource(
  name: string,
  given: ResourceOptions,
  context: ResourceContext,
): ResolvedResource {
  const identifier = identifierOf(name, given);
  const { alsoAtRoot = false } = given;
  checkOneOf(`${name}.alsoAtRoot`, alsoAtRoot, [true, false]);
  return {
    identifier,
    metadataUrl: metadataUrlOf(identifier),
    alsoAtRoot,
    document: documentOf(name, given, context),
  };
}

/**
 * The identifier of a resource.
 *
 * @throws TypeError for a wrong one, and for options that do not exist
 */
export function identifierOf(name: string, given: ResourceOptions): string {
  checkMembers(name, given, NAMES);
  checkIdentifier(`${name}.identifier`, given.identifier);
  return given.identifier;
}

/** The identifier with the well-known path between host and path (RFC 9728 §3.1). */
export function metadataUrlOf(identifier: string): string {
  const [, origin = '', path = '', query = ''] = IDENTIFIER.exec(identifier) ?? [];
  return origin + WELL_KNOWN_PATH + (path === '/' ? '' : path) + query;
}

function checkIdentifier(name: string, value: unknown): asserts value is string {
  const isUrl =
    typeof value === 'string' && IDENTIFIER.test(value.replace(/#.*/s, '')) && URL.canParse(value);
  if (!isUrl || !isSecureUrl(new URL(value), false))
    throw badOption(name, 'must be an https URL; http is for loopback');
  if (!isPlainUrl(value) || /[^\x21\x23-\x5b\x5d-\x7e]/.test(value))
    throw badOption(
      name,
      'must hold no credentials, no spaces, quotes and backslashes, and nothing but ASCII',
    );
  if (value.includes('#')) throw badOption(name, 'must have no fragment (RFC 9728 §1.2)');
  const [, , path = '', query = ''] = IDENTIFIER.exec(value) ?? [];
  const url = new URL(value);
  if (url.pathname !== (path || '/') || url.search !== (query === '?' ? '' : query) || query === '?')
    throw badOption(name, 'must have its path and query as URL parsers write them');
  checkEndpointPath(name, path || '/');
  if (PARAMETER.test(value)) throw badOption(name, 'must not look like a parameter of a challenge');
}

function documentOf(
  name: string,
  given: ResourceOptions,
  context: ResourceContext,
): Readonly<Record<string, unknown>> {
  const own = {
    resource: given.identifier,
    authorization_servers: authorizationServers(`${name}.authorizationServers`, given, context),
    scopes_supported: scopes(`${name}.scopes`, given.scopes),
    resource_name: text(`${name}.name`, given.name),
    resource_documentation: pageUrl(`${name}.documentation`, given.documentation),
    resource_policy_uri: pageUrl(`${name}.policy`, given.policy),
    resource_tos_uri: pageUrl(`${name}.termsOfService`, given.termsOfService),
  };
  const document = { ...own, ...extraMembers(`${name}.extra`, given.extra, Object.keys(own)) };
  return Object.fromEntries(Object.entries(document).filter(([member, value]) => hasValue(member, value)));
}

/** RFC 9728 §3.2: no member without a value. An empty `bearer_methods_supported` has a meaning (§2). */
const hasValue = (member: string, value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== '' &&
  (!Array.isArray(value) || value.length > 0 || member === 'bearer_methods_supported');

function authorizationServers(
  name: string,
  { authorizationServers: given }: ResourceOptions,
  { issuers, allowHttp }: ResourceContext,
): readonly string[] {
  if (given === null) return [];
  if (given === undefined && issuers === undefined)
    throw badOption(name, 'must be a list of issuers, or null, because the issuers are dynamic');
  const servers = checkList(name, given ?? issuers);
  const wrong = servers.find((server) => !isIssuerUrl(server, allowHttp));
  if (wrong !== undefined)
    throw badOption(name, `holds ${JSON.stringify(wrong)}, which is no https URL of an issuer (RFC 8414 §2)`);
  return servers;
}

/** RFC 8414 §2: without query and fragment. */
const isIssuerUrl = (value: string, allowHttp: boolean): boolean =>
  isPlainUrl(value) && isSecureUrl(new URL(value), allowHttp) && !/[?#]/.test(value);

function scopes(name: string, given: readonly string[] | undefined): readonly string[] {
  if (given === undefined || (Array.isArray(given) && given.length === 0)) return [];
  const values = checkList(name, given);
  const wrong = values.find((scope) => !isScope(scope));
  if (wrong !== undefined)
    throw badOption(name, `holds ${JSON.stringify(wrong)}, which is not one scope (RFC 6749 §3.3)`);
  if (values.includes('offline_access'))
    throw badOption(name, 'must not hold offline_access, which is between a client and the issuer');
  return values;
}

/** A non-empty array of strings, each once. */
function checkList(name: string, given: unknown): readonly string[] {
  if (!Array.isArray(given)) throw badOption(name, 'must be an array');
  return [...new Set(checkStrings(name, given))];
}

function text(name: string, given: unknown): string | undefined {
  if (given === undefined || (typeof given === 'string' && given !== '')) return given;
  throw badOption(name, 'must be a non-empty string');
}

function pageUrl(name: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const isPage = typeof given === 'string' && isPlainUrl(given) && /^https?:$/.test(new URL(given).protocol);
  if (!isPage) throw badOption(name, 'must be an https or http URL');
  return given;
}

function extraMembers(
  name: string,
  given: Readonly<Record<string, unknown>> | undefined,
  own: readonly string[],
): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  checkMembers(name, given, Object.keys(given));
  const repeated = Object.keys(given).find((member) => own.includes(member));
  if (repeated !== undefined) throw badOption(`${name}.${repeated}`, 'has an option of its own');
  try {
    return JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
  } catch {
    throw badOption(name, 'must hold nothing but JSON');
  }
}
