import { ownValue } from '../../token/claim-path.js';
import { error, type Finding, type FindingCode } from '../finding.js';
import { plural, UUID } from '../words.js';
import type { Members } from './members.js';

/** What a text begins with that is no JWT: code, what it is, what to do. */
const STARTS: readonly (readonly [RegExp, FindingCode, string, string])[] = [
  [
    /^(undefined|null|NaN|true|false|\[object \w+\])$/,
    'token_empty',
    'what a program writes for a value that is missing',
    'Look where the token is read from: it was not there.',
  ],
  [
    /^(authorization\s*:?\s*)?(bearer|dpop|jwt)\s*:?$/i,
    'token_empty',
    'the scheme of an Authorization header alone',
    'Look where the token is read from: nothing follows the scheme.',
  ],
  [
    /^(\$\w+|\$\{[^}]*\}|\{\{[^}]*\}\}|<[\w -]+>|%\w+%)$/,
    'token_empty',
    'a placeholder that was not replaced',
    'Have the shell or the client fill in the variable: double quotes, not single ones.',
  ],
  [
    /^<(!doctype|html)/i,
    'token_html',
    'an HTML page',
    'The request for the token was answered with a page: check its URL, method and login.',
  ],
  [
    /^(<|PHNhbW|PD94bW|PEFzc2)/i,
    'token_saml',
    'XML, such as a SAML assertion',
    'Exchange it for an access token at the token endpoint (RFC 7522).',
  ],
  [
    /^-----BEGIN /,
    'token_key_material',
    'PEM: a key or a certificate',
    'Give a token; a key signs tokens and is never sent.',
  ],
  [
    /^v[1-4]\.(local|public)\./,
    'token_paseto',
    'a PASETO',
    'PASETO is not supported: have the issuer send JWTs.',
  ],
  [
    /^eyJ[^~]*~/,
    'token_sd_jwt',
    'an SD-JWT, with disclosures after "~"',
    'Have the issuer send a plain JWT as access token.',
  ],
  [
    /^ya29\./,
    'token_opaque',
    "Google's access token, which is opaque",
    'It is for the APIs of Google alone: send an ID token whose audience is this API.',
  ],
  [/^1\/\//, 'token_opaque', "Google's refresh token", 'Exchange it for an access token.'],
  [
    /^(gh[opsur]_|github_pat_)/,
    'token_opaque',
    'a token of GitHub, which is opaque',
    'It is for the API of GitHub alone; in Actions, request an OIDC token with an audience.',
  ],
  [
    /^(glpat-|gldt-)/,
    'token_opaque',
    'a token of GitLab, which is opaque',
    'In CI, use id_tokens with an audience.',
  ],
  [
    /^xox[abeoprs]-/,
    'token_opaque',
    'a token of Slack, which is opaque',
    'It is for the API of Slack alone.',
  ],
  [
    /^ory_at_/,
    'token_opaque',
    'an opaque access token of Ory Hydra',
    "Set strategies.access_token to jwt, or the client's access_token_strategy.",
  ],
  [/^(ory_rt_|v1\.M|0\.A|1\.A)/, 'refresh_token', 'a refresh token', 'Exchange it for an access token.'],
  [
    /^(EwA|EwB|EwC|EwD)/,
    'token_opaque',
    'an access token of a personal Microsoft account, which is opaque',
    'Request a scope of your own API, as api://<client id>/<scope>.',
  ],
  [
    /^(sk|pk|rk)[_-](live|test|proj|ant)?/,
    'token_api_key',
    'an API key',
    'Send an access token of the issuer.',
  ],
  [
    /^(AIza|AKIA|ASIA|npm_|pypi-|SG\.|dop_v1_|hf_)/,
    'token_api_key',
    'an API key',
    'Send an access token of the issuer.',
  ],
  [
    /^basic\s/i,
    'token_api_key',
    'Basic credentials, a user name and a password',
    'Send an access token of the issuer.',
  ],
  [/^https?:\/\//i, 'token_in_url', 'a URL', 'Give the token that is to be had there.'],
  [/^[{[]/, 'token_json', 'JSON', 'Give the token alone, in compact serialization (RFC 7515 §7.1).'],
];

const JWE_PARTS = 5;

/** What a text is that cannot be a JWS in compact serialization; undefined for what may be one. */
export function otherThanJwt(text: string, header: Members | undefined): Finding | undefined {
  const start = STARTS.find(([pattern]) => pattern.test(text));
  if (start !== undefined) {
    const [, code, what, todo] = start;
    return error(code, code === 'token_json' ? ofJson(text) : `this is ${what}, not a JWT`, todo);
  }
  const isJwe = header === undefined ? text.split('.').length === JWE_PARTS : Object.hasOwn(header, 'enc');
  if (isJwe) return encrypted(header);
  if (/^ey[Jj]/.test(text) || header !== undefined) return undefined;
  const what = UUID.test(text) ? 'a UUID' : `${plural(text.length, 'character')} that are no JWT`;
  return error('token_opaque', `the token is opaque: ${what}, with nothing to verify in it`, OPAQUE);
}

const OPAQUE =
  'Have the issuer send JWTs: with Auth0, request the audience of the API; with Zitadel, Hydra, Okta or Keycloak, set the ' +
  "client's access tokens to JWT. Tokens that stay opaque need introspection (RFC 7662).";

/** RFC 7516: five parts, or `enc` in the header. */
function encrypted(header: Members = {}): Finding {
  const [alg, issuer] = [ownValue(header, 'alg'), ownValue(header, 'iss')];
  if (alg === 'dir' && issuer !== undefined)
    return error(
      'encrypted_token',
      'the token is encrypted (a JWE of 5 parts): Auth0 sends such an opaque token where no audience was requested',
      'Request the audience of the API, in the authorization request or the token request.',
    );
  const isCognito = alg === 'RSA-OAEP' && ownValue(header, 'kid') === undefined;
  return error(
    'encrypted_token',
    `the token is encrypted (a JWE of 5 parts)${isCognito ? "; Cognito's refresh tokens are such" : ''}`,
    isCognito
      ? 'Send the access token.'
      : 'Switch encryption of access tokens off at the issuer: this API needs a signed token (JWS).',
  );
}

function ofJson(text: string): string {
  let members: Record<string, unknown>;
  try {
    members = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return 'this is JSON that is broken, not a JWT';
  }
  const has = (name: string): boolean => Object.hasOwn(members, name);
  if (has('private_key') || has('client_secret'))
    return 'this is a key file with credentials of a client, not a JWT: a token is requested with it';
  if (has('keys') || has('kty')) return 'this is a JWK or a JWK Set, not a JWT';
  if (has('signatures') || (has('payload') && has('signature')))
    return 'this is a JWS in JSON serialization (RFC 7515 §7.2), not in the compact one';
  if (has('iss') || has('sub') || has('exp'))
    return 'these are decoded claims, not the JWT that they are from';
  return 'this is JSON without an access_token, not a JWT';
}
