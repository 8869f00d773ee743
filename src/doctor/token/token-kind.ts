import { ownValue } from '../../token/claim-path.js';
import type { IssuerRules } from '../../token/issuers/issuer-rules.js';
import { error, warning, type Finding } from '../finding.js';
import { quoted } from '../words.js';
import type { Members } from './members.js';
import type { ReadToken } from './read-token.js';

/** What only ID tokens carry (OpenID Connect Core §3.1.3.6, §3.3.2.11). */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash'] as const;
/** What says who a user is, and seldom stands in an access token. */
const PROFILE_CLAIMS = [
  'email',
  'name',
  'given_name',
  'preferred_username',
  'picture',
  'auth_time',
  'amr',
  'sid',
];
const GRANTS = ['scope', 'scp', 'permissions', 'roles', 'realm_access', 'client_id'];
const GRAPH = ['00000003-0000-0000-c000-000000000000', 'https://graph.microsoft.com'];

const USE_ACCESS_TOKEN =
  'Send the access token of the same response (access_token, not id_token); it is the one that is meant for an API.';

/** The kind of a token that is no access token for this API, by its header and claims; undefined for what may be one. */
export function kindProblem(
  { header = {}, claims = {} }: ReadToken,
  rules: Pick<IssuerRules, 'audience' | 'requiredClaims'>,
): Finding | undefined {
  return (
    refreshToken(header, claims) ??
    graphToken(header, claims) ??
    supabaseKey(claims) ??
    otherKind(header, claims) ??
    idToken(header, claims, rules)
  );
}

function refreshToken(header: Members, claims: Members): Finding | undefined {
  const signs = [
    [claims, 'typ', ['Refresh', 'Offline']],
    [claims, 'token_use', ['refresh']],
    [claims, 'token_type', ['refresh', 'refresh_token']],
    [claims, 'type', ['refresh', 'refresh_token']],
    [header, 'typ', ['rt+jwt', 'refresh+jwt']],
  ] as const;
  const found = signs.find(([members, name, values]) =>
    (values as readonly unknown[]).includes(ownValue(members, name)),
  );
  if (found === undefined) return undefined;
  const [members, name] = found;
  return error(
    'refresh_token',
    `this is a refresh token: "${name}" is ${quoted(ownValue(members, name))}`,
    'Send the access token; a refresh token goes to the token endpoint alone.',
  );
}

/** An access token of Microsoft Graph has a `nonce` in its header, and verifies nowhere else. */
function graphToken(header: Members, claims: Members): Finding | undefined {
  const aud = ownValue(claims, 'aud');
  const isForGraph = typeof aud === 'string' && GRAPH.includes(aud.replace(/\/$/, ''));
  if (!isForGraph && !(ownValue(header, 'nonce') !== undefined && ownValue(claims, 'tid') !== undefined))
    return undefined;
  return error(
    'graph_token',
    `this is an access token for Microsoft Graph (aud ${quoted(aud)}), which no other API can verify`,
    'Request a scope of your own API, as api://<client id>/<scope>; without one, Entra ID sends a token for Graph.',
  );
}

/** A key of a project of Supabase, which clients send as `apikey`. */
function supabaseKey(claims: Members): Finding | undefined {
  const role = ownValue(claims, 'role');
  if (ownValue(claims, 'iss') !== 'supabase' || (role !== 'anon' && role !== 'service_role'))
    return undefined;
  return error(
    'token_api_key',
    `this is an API key of a Supabase project ("role" is "${role}"), not the token of a user`,
    'Send the access_token of the session, whose issuer is https://<project>.supabase.co/auth/v1.',
  );
}

function otherKind(header: Members, claims: Members): Finding | undefined {
  const typ = ownValue(header, 'typ');
  const media = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  if (
    media === 'dpop+jwt' ||
    (ownValue(claims, 'htm') !== undefined && ownValue(claims, 'htu') !== undefined)
  )
    return error(
      'dpop_proof',
      'this is a DPoP proof (RFC 9449 §4), not the access token that it belongs to',
      'Send the access token in Authorization, and the proof in the header DPoP.',
    );
  const events = ownValue(claims, 'events');
  if (media === 'logout+jwt' || media === 'secevent+jwt' || (typeof events === 'object' && events !== null))
    return error(
      'logout_token',
      'this is a logout token or another security event (RFC 8417), which is sent to a client',
      USE_ACCESS_TOKEN,
    );
  if (
    ownValue(claims, 'typ') === 'InitialAccessToken' ||
    ownValue(claims, 'typ') === 'RegistrationAccessToken'
  )
    return error(
      'token_of_other_kind',
      `this is a token for the registration of clients: "typ" is ${quoted(ownValue(claims, 'typ'))}`,
      'Send an access token.',
    );
  return clientAssertion(claims);
}

/** RFC 7523 §3: the client is both `iss` and `sub`, and the issuer is `aud`. */
function clientAssertion(claims: Members): Finding | undefined {
  const [iss, sub, aud] = ['iss', 'sub', 'aud'].map((name) => ownValue(claims, name));
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const isForIssuer = audiences.some(
    (one) => typeof one === 'string' && /\/token\/?$|\/realms\/[^/]+\/?$/.test(one),
  );
  if (iss === undefined || iss !== sub || (!isForIssuer && String(iss).includes('://'))) return undefined;
  return error(
    'client_assertion',
    `this is a client's own assertion (iss and sub are the same; aud is ${audiences.map(quoted).join(', ')}), not a token of the issuer`,
    'Exchange it for an access token at the token endpoint (RFC 7523 §2).',
  );
}

function idToken(
  header: Members,
  claims: Members,
  { audience, requiredClaims }: Pick<IssuerRules, 'audience' | 'requiredClaims'>,
): Finding | undefined {
  const sign = signOfIdToken(claims, requiredClaims);
  if (sign !== undefined) return anIdToken(`it has ${sign}`, claims);
  const isNonce = ownValue(claims, 'nonce') !== undefined;
  // Entra ID writes the roles of an application into ID tokens too.
  const grants = isNonce ? GRANTS.filter((name) => name !== 'roles') : GRANTS;
  const isAccessToken =
    grants.some((name) => ownValue(claims, name) !== undefined) || hasAccessType(header, claims);
  const aud = ownValue(claims, 'aud');
  const isForApi =
    audience !== null && audience.some((one) => one === aud || (Array.isArray(aud) && aud.includes(one)));
  const isForItsClient = ['azp', 'client_id'].some(
    (name) => aud !== undefined && aud === ownValue(claims, name),
  );
  // A nonce and the client as audience: with a scope too, as some issuers write it.
  const isOfClient = isNonce && isForItsClient && !hasAccessType(header, claims);
  if (isAccessToken && !isOfClient) return undefined;
  if (isForApi) return isNonce ? ACCEPTED_ID_TOKEN : undefined;
  const names = PROFILE_CLAIMS.filter((name) => ownValue(claims, name) !== undefined);
  if (isNonce) names.unshift('nonce');
  const isForClient = aud !== undefined && (aud === ownValue(claims, 'azp') || names.includes('nonce'));
  if (names.length === 0 || (audience === null && !isForClient)) return undefined;
  // Google issues no other JWTs: there, an API accepts ID tokens.
  if (audience === null && String(aud).endsWith('.apps.googleusercontent.com')) return undefined;
  return anIdToken(
    `it has ${names
      .slice(0, 3)
      .map((name) => `"${name}"`)
      .join(', ')} and ${isAccessToken ? 'its client as audience' : 'no scope'}`,
    claims,
  );
}

const ACCEPTED_ID_TOKEN = warning(
  'id_token',
  'this looks like an ID token: it has "nonce" and no scope; it is accepted because its aud, the client, is configured as audience',
  'Configure the audience of the API, and have the client send the access token.',
);

const anIdToken = (why: string, claims: Members): Finding =>
  error(
    'id_token',
    `this is an ID token, not an access token: ${why}; its aud, ${quoted(audOf(claims))}, is the client`,
    `${USE_ACCESS_TOKEN} With requiredClaims or tokenType the API refuses ID tokens by their kind.`,
  );

/** A claim that the options name is expected there. */
function signOfIdToken(claims: Members, required: object): string | undefined {
  const hash = ID_TOKEN_CLAIMS.find(
    (name) => ownValue(claims, name) !== undefined && !Object.hasOwn(required, name),
  );
  if (hash !== undefined) return `"${hash}"`;
  if (ownValue(claims, 'typ') === 'ID') return '"typ": "ID"';
  return ownValue(claims, 'token_use') === 'id' ? '"token_use": "id"' : undefined;
}

const hasAccessType = (header: Members, claims: Members): boolean =>
  /^(application\/)?at\+jwt$/i.test(String(ownValue(header, 'typ'))) ||
  ownValue(claims, 'typ') === 'Bearer' ||
  ownValue(claims, 'token_use') === 'access';

function audOf(claims: Members): unknown {
  const aud = ownValue(claims, 'aud');
  return Array.isArray(aud) ? aud[0] : aud;
}
