import { badOption, checkMembers, checkOneOf, checkStrings } from '../common/option-checks.js';
import { isScope } from '../requirements/scope-hierarchy.js';

/** Scopes by the name of what needs them, all of which are needed. */
export type ScopesByName = Readonly<Record<string, readonly string[]>>;

/** What `@McpEndpoint` is declared with; all optional. */
export interface McpEndpointOptions {
  /** The scopes that `tools/call` needs, by the name of the tool. Those of `@RequireScopes` on its handler are added. */
  readonly toolScopes?: ScopesByName;
  /**
   * The scopes that `resources/read` needs, by the URI or the URI template (RFC 6570) of the resource, matched as loosely as
   * the server may match it: MCP-Nest ignores schemes. Of several that match, the scopes add up; with the SDK, a resource of
   * exactly the URI comes before templates.
   */
  readonly resourceScopes?: ScopesByName;
  /** The scopes that `prompts/get` needs, by the name of the prompt. */
  readonly promptScopes?: ScopesByName;
  /**
   * The origins (RFC 6454 §6.2) whose scripts may send requests, beside that of the resource identifier: any other
   * `Origin` is answered with 403, against DNS rebinding.
   *
   * @default none
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Puts the raw token into `request.auth.token`, which is empty otherwise: a server must not pass it on.
   *
   * @default false
   */
  readonly exposeToken?: boolean;
}

/** {@link McpEndpointOptions}, checked. */
export interface McpEndpointRules {
  readonly toolScopes: ReadonlyMap<string, readonly string[]>;
  readonly resourceScopes: ReadonlyMap<string, readonly string[]>;
  readonly promptScopes: ReadonlyMap<string, readonly string[]>;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly exposeToken: boolean;
}

const NAMES = [
  'toolScopes',
  'resourceScopes',
  'promptScopes',
  'allowedOrigins',
  'exposeToken',
] as const satisfies readonly (keyof McpEndpointOptions)[];

/** @throws TypeError that names the option which is wrong */
export function resolveMcpEndpoint(given: McpEndpointOptions): McpEndpointRules {
  checkMembers('', given, NAMES);
  const { toolScopes, resourceScopes, promptScopes, allowedOrigins = [], exposeToken = false } = given;
  if (!Array.isArray(allowedOrigins) || !allowedOrigins.every(isOrigin))
    throw badOption('allowedOrigins', 'must be an array of origins, such as https://app.example.com');
  checkOneOf('exposeToken', exposeToken, [true, false]);
  return {
    toolScopes: resolveScopes('toolScopes', toolScopes),
    resourceScopes: resolveScopes('resourceScopes', resourceScopes),
    promptScopes: resolveScopes('promptScopes', promptScopes),
    allowedOrigins: new Set(allowedOrigins),
    exposeToken,
  };
}

/** Exactly as clients write it: in lower case, with a port where it is not the default, without a path. */
const isOrigin = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^[a-z][a-z\d+.-]*:\/\/[^/?#\s]+$/.test(value) &&
  (!/^https?:/.test(value) || (URL.canParse(value) && new URL(value).origin === value));

function resolveScopes(name: string, given: ScopesByName = {}): ReadonlyMap<string, readonly string[]> {
  checkMembers(name, given, Object.keys(given));
  const entries = Object.entries(given).map(([key, scopes]) => {
    const member = `${name}.${key}`;
    if (!Array.isArray(scopes) || !checkStrings(member, scopes).every(isScope))
      throw badOption(member, 'must be a non-empty array of scopes (RFC 6749 §3.3)');
    if (scopes.includes('offline_access'))
      throw badOption(member, 'must not hold offline_access, which is between a client and the issuer');
    return [key, scopes as readonly string[]] as const;
  });
  return new Map(entries);
}
