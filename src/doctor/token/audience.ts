import { ownValue } from '../../token/claim-path.js';
import { differenceOf } from '../difference.js';
import type { Examination } from '../examination.js';
import { error, note, ok, type Finding } from '../finding.js';
import { quoted, quotedList, UUID } from '../words.js';

const ACCOUNT = ['account', 'broker', 'realm-management'];

/** Why a token without an audience is refused. */
export function missingAudience({ token, options, provider }: Examination): Finding {
  const clientId = ownValue(token?.claims, 'client_id');
  const isCognito =
    provider === 'cognito' || (ownValue(token?.claims, 'token_use') === 'access' && clientId !== undefined);
  const seen = `the token has no audience (aud is ${describedAud(ownValue(token?.claims, 'aud'))}), and ${quotedList(options.rules.audience ?? [])} is configured`;
  if (isCognito)
    return error(
      'missing_audience',
      `${seen}. Access tokens of Cognito name the client instead, in client_id: ${quoted(clientId)}`,
      "Set audience: null and requiredClaims: { token_use: 'access', client_id: '…' }; or send a resource indicator.",
    );
  return error(
    'missing_audience',
    seen,
    `Have the issuer put the API into aud. ${REMEDIES[provider] ?? GENERAL}`,
  );
}

const describedAud = (aud: unknown): string =>
  Array.isArray(aud) && aud.length === 0 ? 'an empty array' : quoted(aud);

const GENERAL =
  'With Keycloak, add a mapper "Audience" to a client scope; with Auth0, Okta or Zitadel, request the audience or the scope of the API; with Cognito, set audience: null and require client_id.';

const REMEDIES: Readonly<Partial<Record<Examination['provider'], string>>> = {
  keycloak:
    'Add a mapper "Audience" with the client id of the API to a client scope, and that scope to the client.',
  auth0: 'Have the client request audience=<identifier of the API>.',
  okta: 'Use a custom authorization server (issuer …/oauth2/default), and set its audience.',
  entra: 'Request the scope api://<client id of the API>/<scope>.',
  zitadel: 'Request the scope urn:zitadel:iam:org:project:id:<project id>:aud.',
};

/** Why the audience of a token is refused: what the token says, what is configured, in what they differ. */
export function wrongAudience({ token, options, provider }: Examination): Finding {
  const claims = token?.claims ?? {};
  const aud = ownValue(claims, 'aud');
  const given: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const configured = options.rules.audience ?? [];
  const both = `the token is for ${quotedList(given)}, and ${quotedList(configured)} is configured`;
  if (!given.every((one) => typeof one === 'string'))
    return error(
      'wrong_audience',
      `${both}: aud must be a string or an array of strings (RFC 7519 §4.1.3)`,
      'Have the issuer write it so.',
    );
  return (
    listInOneString(configured, given, both) ??
    nearMiss(configured, given, both) ??
    knownAudience(given, configured, both, claims, provider) ??
    error(
      'wrong_audience',
      `${both}${differenceOfPair(configured, given)}`,
      `Configure what the token is for, if that is this API; if not, request a token for it. ${REMEDIES[provider] ?? GENERAL}`,
    )
  );
}

const differenceOfPair = (configured: readonly string[], given: readonly unknown[]): string =>
  configured.length === 1 && given.length === 1
    ? `: they differ ${differenceOf(String(configured[0]), String(given[0]))}`
    : ': none of them is the same';

function listInOneString(
  configured: readonly string[],
  given: readonly string[],
  both: string,
): Finding | undefined {
  const isList = (text: string) => /[,;\s]|^\[.*\]$/.test(text.trim());
  const parts = (texts: readonly string[]) =>
    texts.filter(isList).flatMap((text) => text.split(/[,;\s"'[\]]+/));
  if (parts(configured).some((part) => given.includes(part)))
    return error(
      'audience_is_a_list',
      `${both}: several audiences are configured as one text`,
      "Configure an array: audience: ['a', 'b'], from a variable with split(','); for the doctor, --audience once for each.",
    );
  if (parts(given).some((part) => configured.includes(part)))
    return error(
      'audience_is_a_list',
      `${both}: the token has several audiences in one text`,
      'Have the issuer write an array (RFC 7519 §4.1.3).',
    );
  return undefined;
}

/** A pair that differs in one thing alone. */
function nearMiss(
  configured: readonly string[],
  given: readonly string[],
  both: string,
): Finding | undefined {
  for (const ours of configured) {
    for (const theirs of given) {
      const [plain, other] = [ours, theirs].map((one) => one.replace(/^api:\/\//, ''));
      if (plain === other)
        return error(
          'wrong_audience',
          `${both}: they differ only in "api://" before the id`,
          `Configure ${quoted(theirs)}: Entra ID writes the id into tokens of version 2.0, and the identifier URI ("api://…") into those of version 1.0.`,
        );
      const isPair = (uri: string, id: string) => uri.startsWith('api://') && UUID.test(id);
      if (isPair(ours, theirs) || isPair(theirs, ours))
        return error(
          'wrong_audience',
          `${both}: one is the identifier URI ("api://…"), the other the id of an application (a GUID)`,
          `Configure ${quoted(theirs)}, if it is of this API: Entra ID writes the id into tokens of version 2.0, and the identifier URI into those of version 1.0.`,
        );
      const difference = differenceOf(ours, theirs);
      if (difference.startsWith('only ') && !/everything|path|host|" at the/.test(difference))
        return error(
          'wrong_audience',
          `${both}: they differ ${difference}`,
          `Configure ${quoted(theirs)}, character by character.`,
        );
    }
  }
  return undefined;
}

function knownAudience(
  given: readonly string[],
  configured: readonly string[],
  both: string,
  claims: Readonly<Record<string, unknown>>,
  provider: Examination['provider'],
): Finding | undefined {
  if (given.every((one) => ACCOUNT.includes(one)))
    return error(
      'wrong_audience',
      `${both}: "account" is Keycloak's own client, which every token has where no mapper adds another`,
      REMEDIES.keycloak,
    );
  const userinfo = given.find((one) => /\/(userinfo|api\/v2\/?)$/.test(one));
  if (userinfo !== undefined && given.length === 1)
    return error(
      'wrong_audience',
      `${both}: that is an API of the issuer itself, not this one`,
      'Have the client request the audience of this API.',
    );
  const clients = [ownValue(claims, 'azp'), ownValue(claims, 'client_id')].filter((one) => one !== undefined);
  if (given.some((one) => clients.includes(one)))
    return error(
      'wrong_audience',
      `${both}: the token is for the client that requested it, as an ID token is`,
      `Send an access token for this API. ${REMEDIES[provider] ?? GENERAL}`,
    );
  if (configured.some((one) => clients.includes(one)))
    return error(
      'wrong_audience',
      `${both}: the client is configured as audience, and the token is for an API that it calls`,
      'Configure the audience of this API, as it stands in aud, if the token is meant for it.',
    );
  const scopes = [ownValue(claims, 'scope'), ownValue(claims, 'scp')].flatMap((one) =>
    typeof one === 'string' ? one.split(' ') : one,
  );
  if (configured.some((one) => scopes.includes(one)))
    return error(
      'wrong_audience',
      `${both}: a scope of the token is configured as audience`,
      'Configure the audience of this API, as it stands in aud; a route requires a scope with @RequireScopes.',
    );
  const issuer = ownValue(claims, 'iss');
  if (given.length === 1 && typeof issuer === 'string' && differenceOf(given[0] ?? '', issuer) === '')
    return error(
      'wrong_audience',
      `${both}: the token is for the issuer itself`,
      `Have the client request this API. ${REMEDIES[provider] ?? GENERAL}`,
    );
  const isIssuer = configured.find((one) => one === issuer);
  return isIssuer === undefined
    ? undefined
    : error(
        'wrong_audience',
        `${both}: the issuer is configured as audience`,
        'Configure the audience of the API, as it stands in aud.',
      );
}

/** The audience of a token that is accepted, and whether it is checked at all. */
export function audienceFinding({ token, options }: Examination): Finding | undefined {
  const { audience } = options.rules;
  const aud = ownValue(token?.claims, 'aud');
  if (token?.claims === undefined) return undefined;
  const named = Array.isArray(aud) ? quotedList(aud) : quoted(aud);
  if (audience === null)
    return note(
      'audience_not_given',
      `the audience is not checked here; the token has aud ${named}`,
      'Give the audience of the API too (--audience): AuthModule requires one.',
    );
  return ok('audience_matches', `the audience matches: aud is ${named}`);
}
