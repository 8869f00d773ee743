import {
  checkFunction,
  checkMembers,
  checkNumber,
  checkOneOf,
  checkStrings,
  withoutUndefined,
} from '../common/option-checks.js';
import { checkEndpointPath } from '../endpoint/endpoint.js';

/** Whom an OpenID provider has logged out: `sid`, or `sub`, or both. */
export interface Logout {
  readonly iss: string;
  readonly sub: string | undefined;
  readonly sid: string | undefined;
}

/** The receiver of logout tokens (OpenID Connect Back-Channel Logout 1.0). */
export interface BackChannelLogoutOptions {
  /** Where OpenID providers post them, such as `/oidc/backchannel-logout`; no global prefix or version goes before it. */
  readonly path: string;
  /** The ids of the clients whose sessions end, of which the token's `aud` must name one; not the audience of the API. */
  readonly clientIds: readonly string[];
  /**
   * Refuses logout tokens without `exp`, which providers could leave out until 2023.
   *
   * @default true
   */
  readonly requireExp?: boolean;
  /**
   * How many logout tokens a minute are checked against keys, which takes processor time; more are answered with 429.
   *
   * @default 6_000
   */
  readonly checksPerMinute?: number;
  /**
   * Called after the tokens were revoked. While it is waited for, the provider waits; where it throws, the response is 400.
   *
   * @default nothing else ends
   */
  readonly onLogout?: (logout: Logout) => void | Promise<void>;
}

/** {@link BackChannelLogoutOptions} with the defaults filled in. */
export interface ResolvedLogoutOptions extends Required<Omit<BackChannelLogoutOptions, 'onLogout'>> {
  readonly onLogout: BackChannelLogoutOptions['onLogout'];
}

const NAMES = ['path', 'clientIds', 'requireExp', 'checksPerMinute', 'onLogout'];

/** What holds unless the options say otherwise. */
export const LOGOUT_DEFAULTS = { requireExp: true, checksPerMinute: 6_000 } as const;

/**
 * Fills in the defaults; undefined where no logout tokens are received.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveLogoutOptions(
  given: BackChannelLogoutOptions | undefined,
): ResolvedLogoutOptions | undefined {
  if (given === undefined) return undefined;
  checkMembers('backChannelLogout', given, NAMES);
  const options = { onLogout: undefined, ...LOGOUT_DEFAULTS, ...withoutUndefined(given) };
  checkEndpointPath('backChannelLogout.path', given.path);
  const clientIds = checkStrings('backChannelLogout.clientIds', given.clientIds);
  checkOneOf('backChannelLogout.requireExp', options.requireExp, [true, false]);
  checkNumber('backChannelLogout.checksPerMinute', options.checksPerMinute, 1);
  checkFunction('backChannelLogout.onLogout', options.onLogout);
  return { ...options, path: given.path, clientIds };
}
