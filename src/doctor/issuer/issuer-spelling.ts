import { isLoopback } from '../../http/safe-url.js';
import type { Examination } from '../examination.js';
import { withoutWellKnown } from '../examination.js';
import { differenceOf } from '../difference.js';
import { isWebUrl } from '../diagnose.options.js';
import { error, note, ok, warning, type Finding } from '../finding.js';
import { quoted, shownUrl } from '../words.js';

/** What is wrong with the issuer as it is given, before anything is fetched. */
export function spellingProblems(examination: Examination): readonly Finding[] {
  const { options, itself, nearby } = examination;
  const { issuer, problem } = options;
  if (withoutWellKnown(issuer.trim()) !== issuer.trim()) {
    return [
      error(
        'issuer_is_discovery_url',
        `the issuer is given as the address of its discovery document, ${quoted(shownUrl(issuer))}`,
        `Configure what stands before "/.well-known/", as the document has it in "issuer": ${quoted(documentIssuer(examination) ?? withoutWellKnown(issuer))}.`,
      ),
    ];
  }
  const misplaced = misplacedIssuer(issuer, itself?.value, nearby);
  if (misplaced !== undefined) return [misplaced];
  if (problem === undefined) return [];
  return [problemFinding(issuer, problem)];
}

function problemFinding(issuer: string, problem: string): Finding {
  const isHttp = /^http:/i.test(issuer.trim());
  const isJwksUri = problem.includes('"jwksUri"');
  if (isJwksUri)
    return error(
      'jwks_uri_invalid',
      `AuthModule does not start: ${problem}`,
      'Configure the https URL of the JWK Set.',
    );
  if (isHttp && problem.includes('http is for loopback')) {
    return error(
      'issuer_not_https',
      `the issuer ${quoted(shownUrl(issuer))} is http, and not on this machine: whoever is on the way could replace its keys, so AuthModule does not start with it`,
      'Use https. Inside a cluster whose network is protected otherwise, set keys.allowHttp (doctor: --allow-http).',
    );
  }
  const reason = issuer === issuer.trim() ? '' : ' (there is a space around it)';
  return error(
    'issuer_invalid',
    `AuthModule does not start with this issuer: ${problem}${reason}`,
    'Configure the issuer exactly as it stands in the iss of a token.',
  );
}

function misplacedIssuer(issuer: string, itself: unknown, nearby: string | undefined): Finding | undefined {
  const members = Object(itself) as Record<string, unknown>;
  const instead = nearby === undefined ? '' : ` It seems to be ${quoted(nearby)}.`;
  if (Array.isArray(members['keys']))
    return error(
      'issuer_is_jwks_uri',
      `the issuer is given as the address of a JWK Set, ${quoted(shownUrl(issuer))}`,
      `Configure the iss of a token as issuer, and this address as jwksUri.${instead}`,
    );
  if (typeof members['issuer'] === 'string')
    return error(
      'issuer_is_discovery_url',
      `the issuer is given as the address of its metadata, ${quoted(shownUrl(issuer))}`,
      `Configure ${quoted(members['issuer'])}, as it stands there in "issuer".`,
    );
  if (nearby === undefined) return undefined;
  const difference = differenceOf(issuer, nearby);
  return error(
    'issuer_is_endpoint',
    `there is no metadata below the configured issuer, ${quoted(shownUrl(issuer))}; there is some of ${quoted(nearby)}: they differ ${difference}`,
    `Configure ${quoted(nearby)}.`,
  );
}

const documentIssuer = ({ discovery }: Examination): string | undefined => {
  const named = discovery?.value?.['issuer'];
  return typeof named === 'string' ? named : undefined;
};

/** The issuer as it is configured, as its metadata has it, and as the token has it. */
export function issuerProblems(examination: Examination): readonly Finding[] {
  const { options, discovery, token } = examination;
  const configured = options.issuer;
  const metadata = discovery?.value;
  const named = metadata?.['issuer'];
  const claims = token?.claims;
  const iss = claims === undefined ? undefined : ownIss(claims);
  if (metadata !== undefined && typeof named === 'string' && /[{}]/.test(named))
    return [templateIssuer(configured, named)];
  if (claims !== undefined && (typeof iss !== 'string' || iss === ''))
    return [
      error(
        'issuer_missing',
        `the token has no issuer: iss is ${quoted(iss)}`,
        'Have the issuer put its name into iss (RFC 9068 §2.2).',
      ),
    ];
  const isOther = typeof iss === 'string' && iss !== configured;
  const isOtherDocument = metadata !== undefined && named !== configured;
  if (isOther) return [tokenDiffers(examination, iss)];
  if (isOtherDocument) return [documentDiffers(examination, named)];
  if (metadata === undefined && iss === undefined) return [];
  return [
    ok(
      'issuer_matches',
      `the issuer is spelled alike ${whereAlike(metadata !== undefined, iss !== undefined)}: ${quoted(configured)}`,
    ),
  ];
}

const ownIss = (claims: Readonly<Record<string, unknown>>): unknown =>
  Object.hasOwn(claims, 'iss') ? claims['iss'] : undefined;

const whereAlike = (inDocument: boolean, inToken: boolean): string =>
  [
    'in the configuration',
    ...(inDocument ? ['in the metadata'] : []),
    ...(inToken ? ['in the token'] : []),
  ].join(', ');

const templateIssuer = (configured: string, named: string): Finding =>
  error(
    'issuer_template',
    `the metadata below ${quoted(shownUrl(configured))} names a template, ${quoted(named)}: this address ("common" or "organizations") serves every tenant and is the issuer of no token`,
    'Configure the issuer of your tenant, with its id in place of the template; for several tenants, use "issuers".',
  );

function documentDiffers({ options, discovery, token, provider }: Examination, named: unknown): Finding {
  const configured = options.issuer;
  if (typeof named !== 'string')
    return error(
      'discovery_invalid',
      `the metadata at ${quoted(shownUrl(discovery?.address ?? ''))} names no issuer: it is ${quoted(named)}`,
      'Have it name the issuer (RFC 8414 §2).',
    );
  const difference = differenceOf(configured, named);
  const seen = `the issuer is configured as ${quoted(configured)}, and its metadata says ${quoted(named)}: they differ ${difference}`;
  const isSettled = options.jwksUri !== undefined;
  const isToken = token?.claims !== undefined;
  if (isSettled)
    return isToken
      ? note(
          'discovery_not_used',
          `${seen}; the token agrees with the configuration, and with jwksUri the metadata is not used`,
        )
      : warning(
          'issuer_differs',
          `${seen}; tokens probably carry the latter`,
          `Compare with the iss of a token, and configure that.`,
        );
  const code = isHostAlone(configured, named) ? 'issuer_host_differs' : 'issuer_differs';
  if (isToken)
    return error(
      code,
      `${seen}; the token agrees with the configuration`,
      `Have the issuer name itself alike in its metadata and its tokens, whatever host it is reached by${provider === 'keycloak' ? ' (with Keycloak, --hostname)' : ''}; or keep the issuer, and set jwksUri, which needs no metadata.`,
    );
  return error(code, seen, remedy(configured, named, provider));
}

function tokenDiffers({ options, discovery, provider }: Examination, iss: string): Finding {
  const configured = options.issuer;
  const named = discovery?.value?.['issuer'];
  const seen = `the issuer is configured as ${quoted(configured)}, and the token says ${quoted(iss)}: they differ ${differenceOf(configured, iss)}`;
  const where =
    typeof named !== 'string'
      ? ''
      : named === iss
        ? '; the metadata agrees with the token'
        : named === configured
          ? '; the metadata agrees with the configuration'
          : `; and the metadata says ${quoted(named)}`;
  if (isEntraV1(iss) && !isEntraV1(configured))
    return error(
      'issuer_v1_token',
      `${seen}: the token is of version 1.0, and the issuer of version 2.0`,
      'Set requestedAccessTokenVersion to 2 in the manifest of the API; or configure the version 1.0 issuer.',
    );
  return error(
    isHostAlone(configured, iss) ? 'issuer_host_differs' : 'issuer_differs',
    `${seen}${where}`,
    remedy(configured, iss, provider),
  );
}

const isEntraV1 = (issuer: string): boolean => issuer.startsWith('https://sts.windows.net/');

/** True where path and the rest are alike: the same issuer under two names, as inside and outside of a container. */
function isHostAlone(configured: string, other: string): boolean {
  if (!isWebUrl(configured) || !isWebUrl(other)) return false;
  const [a, b] = [new URL(configured), new URL(other)];
  return a.host !== b.host && a.pathname.replace(/\/$/, '') === b.pathname.replace(/\/$/, '');
}

function remedy(configured: string, actual: string, provider: Examination['provider']): string {
  if (!isWebUrl(actual))
    return `Configure ${quoted(actual)} and, because it is no URL, jwksUri beside it, if the token is of this issuer; if not, request one there.`;
  if (!isHostAlone(configured, actual)) {
    const isOtherTenant =
      isWebUrl(configured) &&
      isWebUrl(actual) &&
      new URL(configured).origin === new URL(actual).origin &&
      /realm|path/.test(differenceOf(configured, actual));
    return isOtherTenant
      ? `If the token is right, configure ${quoted(actual)}; if not, it is of another tenant, realm or environment: request one there.`
      : `Configure ${quoted(actual)}, character by character.`;
  }
  const keycloak =
    provider === 'keycloak'
      ? ' With Keycloak, set --hostname (and --hostname-backchannel-dynamic) so that one name is in every token.'
      : '';
  const isInside =
    isWebUrl(configured) && (isLoopback(new URL(configured)) || !new URL(configured).hostname.includes('.'));
  const inside =
    isInside || isWebUrl(actual)
      ? ` Where that host cannot be reached from here (a container, a cluster), keep it as issuer and set jwksUri to the JWK Set at the reachable host.`
      : '';
  return `Configure ${quoted(actual)}, the name that the tokens carry.${inside}${keycloak} A token of another environment has another host too.`;
}
