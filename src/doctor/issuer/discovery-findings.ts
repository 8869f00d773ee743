import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import { isPlainUrl } from '../../http/safe-url.js';
import { jwksUriIn } from '../../keys/source/discovery.js';
import { isWithoutJwksUri, type Examination, type Metadata } from '../examination.js';
import { isWebUrl } from '../diagnose.options.js';
import { error, note, ok, type Finding } from '../finding.js';
import { quoted, quotedList, shownUrl } from '../words.js';
import { proxyVariable, isProxied } from './proxy.js';
import { reachabilityProblem } from './reachability.js';

/** What became of the issuer's metadata. */
export function discoveryFindings(examination: Examination): readonly Finding[] {
  const { discovery, options } = examination;
  if (discovery === undefined) return [];
  const { failure, value: metadata, address, tookMs } = discovery;
  if (failure !== undefined) return discoveryFailure(examination);
  const isOauth = address.includes('/oauth-authorization-server');
  const where = `the metadata of the issuer is at ${shownUrl(address)} (${Math.round(tookMs)} ms)`;
  return [
    isOauth
      ? note(
          'discovery_oauth',
          `${where}: that of RFC 8414, and none of OpenID Connect`,
          'Nothing: AuthModule finds it there too.',
        )
      : ok('discovery', where),
    ...(options.jwksUri === undefined ? jwksUriFindings(metadata ?? {}, options.keys.allowHttp) : []),
    ...(hasKeys(examination) ? [] : symmetricIssuer(metadata ?? {})),
    ...proxyFindings(address),
  ];
}

/** With `jwksUri` the metadata is not used, so that its absence is no problem. */
function discoveryFailure({ discovery, options, itself, nearby }: Examination): readonly Finding[] {
  const { failure } = discovery ?? {};
  if (discovery === undefined || failure === undefined) return [];
  if (options.jwksUri !== undefined)
    return [
      note(
        'discovery_not_used',
        'the issuer has no metadata that can be fetched from here, and with jwksUri needs none',
      ),
    ];
  const members = Object(itself?.value) as Metadata;
  const isMisplaced =
    Array.isArray(members['keys']) || typeof members['issuer'] === 'string' || nearby !== undefined;
  // The spelling of the issuer is the cause, and is reported as such.
  if (isMisplaced || (failure.code === 'insecure_url' && options.problem !== undefined)) return [];
  if (failure.code === 'discovery_invalid') return [invalidMetadata(failure, discovery.address)];
  if (isNotFound(failure))
    return [
      error(
        'discovery_not_found',
        `the issuer answered ${failure.status} at every address where metadata could be (${shownUrl(options.issuer)}, OpenID Connect Discovery and RFC 8414)`,
        `Check path, realm and tenant of the issuer; where the provider has no metadata, configure jwksUri.${expectsTls(failure, discovery.address) ? ' A server that expects https at this port answers 400 to http too.' : ''}`,
      ),
    ];
  return [reachabilityProblem('discovery', discovery)].filter((one) => one !== undefined);
}

const expectsTls = ({ status }: JwksFetchError, address: string): boolean =>
  status === 400 && address.startsWith('http:');

const isNotFound = ({ code, status }: JwksFetchError): boolean =>
  code === 'http_status' && (status === 404 || status === 410 || status === 400 || status === 405);

function invalidMetadata(failure: JwksFetchError, address: string): Finding {
  if (isWithoutJwksUri(failure))
    return error(
      'jwks_uri_missing',
      `the metadata at ${shownUrl(address)} has no jwks_uri, or one that is no URL`,
      'Have the issuer publish its JWK Set; or configure jwksUri.',
    );
  return error(
    'discovery_invalid',
    `what is at ${shownUrl(address)} is JSON, and no metadata of an issuer (it names none)`,
    'Check the issuer; the address is that of another document.',
  );
}

function jwksUriFindings(metadata: Metadata, allowHttp: boolean): readonly Finding[] {
  const issuer = metadata['issuer'];
  const jwksUri = metadata['jwks_uri'];
  if (typeof issuer !== 'string') return [];
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri))
    return [
      error(
        'jwks_uri_missing',
        `the metadata of ${quoted(issuer)} has no jwks_uri, or one that is no absolute URL`,
        'Have the issuer publish its JWK Set; or configure jwksUri.',
      ),
    ];
  try {
    if (URL.canParse(issuer)) jwksUriIn(metadata, issuer, allowHttp);
  } catch (refusal) {
    return [refusedJwksUri(refusal as JwksFetchError, issuer, jwksUri)];
  }
  const hosts = [issuer, jwksUri].filter((one) => URL.canParse(one)).map((one) => new URL(one).host);
  if (hosts.length < 2 || hosts[0] === hosts[1]) return [];
  return [
    note(
      'jwks_uri_elsewhere',
      `the JWK Set is on another host than the issuer: ${quotedList(hosts)}`,
      'Open both in firewalls and proxies. keys.requestHeaders are not sent to the other one, unless they are a function.',
    ),
  ];
}

function refusedJwksUri({ message }: JwksFetchError, issuer: string, jwksUri: string): Finding {
  const reason = !isWebUrl(jwksUri)
    ? 'it is no URL of http or https'
    : isPlainUrl(jwksUri)
      ? 'it is http where the issuer is https, is http and not on this machine, or leads to this machine where the issuer is elsewhere'
      : 'it holds credentials, spaces or control characters';
  return error(
    'jwks_uri_refused',
    `the jwks_uri of ${quoted(issuer)}, ${quoted(shownUrl(jwksUri))}, is not fetched: ${reason}`,
    `Have the issuer publish its https address (behind a proxy: forwarded headers, or its public host name), or configure jwksUri. AuthModule says: ${message.replace(/^.*?: /, '')}.`,
  );
}

const hasKeys = ({ imported }: Examination): boolean => (imported?.keySet.keys.length ?? 0) > 0;

/** What an issuer signs with, as far as it says so. */
function symmetricIssuer(metadata: Metadata): readonly Finding[] {
  const names: unknown = metadata['id_token_signing_alg_values_supported'];
  if (!Array.isArray(names) || names.length === 0) return [];
  if (!names.every((name) => typeof name === 'string' && /^(HS\d+|none)$/.test(name))) return [];
  return [
    error(
      'symmetric_issuer',
      `the issuer signs with ${quotedList(names)} alone: with a secret that is shared, which is in no JWK Set`,
      'Have it sign with RS256, ES256 or EdDSA.',
    ),
  ];
}

function proxyFindings(address: string): readonly Finding[] {
  const name = proxyVariable(address);
  if (name === undefined) return [];
  return isProxied(address)
    ? [note('proxy_used', `requests go through the proxy in ${name}`)]
    : [
        note(
          'proxy_not_used',
          `${name} is set, and requests go to the issuer directly`,
          'Node uses it with NODE_USE_ENV_PROXY=1 (Node 24); or pass keys.requestAgent.',
        ),
      ];
}
