import { systemClock } from '../../common/clock.js';
import { parseFreshness } from '../../http/cache-headers.js';
import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import type { UnusableKey } from '../../jwk/key-set.js';
import { Freshness } from '../../keys/freshness.js';
import { KEY_POLICY } from '../../keys/key-policy.js';
import { JwksValidation } from '../../keys/source/jwks-validation.js';
import type { JwksResponse } from '../../keys/source/jwks-source.js';
import type { Attempt } from '../attempt.js';
import type { Examination } from '../examination.js';
import { error, note, ok, warning, type Finding } from '../finding.js';
import { duration, plural, quoted, quotedList, shownUrl } from '../words.js';
import { reachabilityProblem } from './reachability.js';

/** What became of the issuer's keys. */
export function keySetFindings(examination: Examination): readonly Finding[] {
  const { jwks, imported, discovery, options } = examination;
  if (jwks === undefined) return [];
  if (jwks.failure !== undefined || jwks.value === undefined) return [keySetFailure(jwks, examination)];
  const problem = refusalOf(jwks.value, examination);
  const unusable = imported?.unusable ?? [];
  const keys = imported?.keySet.keys ?? [];
  return [
    ...privateKeys(unusable),
    ...(problem === undefined ? [] : [problem]),
    ...(problem === undefined ? [usableKeys(examination)] : []),
    ...leftOut(unusable, keys.length),
    ...kidsTwice(keys.map(({ kid }) => kid)),
    ...differingAddress(jwks.address, discovery?.value?.['jwks_uri'], options.jwksUri),
    ...(problem === undefined ? cacheFindings(jwks.value, examination) : []),
    ...(problem === undefined && keys.length === 1 ? [singleKey()] : []),
    ...slowness(jwks),
  ];
}

function keySetFailure(jwks: Attempt<JwksResponse>, examination: Examination): Finding {
  const { options, discovery } = examination;
  const { failure, address } = jwks;
  const what = options.jwksUri === undefined ? 'the JWK Set' : 'the JWK Set at jwksUri';
  if (failure?.code === 'not_a_key_set') return notAKeySet(examination);
  if (failure?.code === 'insecure_url' && options.jwksUri === undefined)
    return error(
      'jwks_uri_refused',
      `the jwks_uri ${quoted(shownUrl(address))} is not fetched: ${failure.message.replace(/^\S+: /, '')}`,
      'Have the issuer publish its https address, or configure jwksUri.',
    );
  const found =
    reachabilityProblem(what, jwks) ??
    error('discovery_invalid', `${what} cannot be fetched`, 'Look at the issuer.');
  const hosts = [discovery?.address ?? '', address].map((one) => URL.parse(one)?.host);
  const isOfDocument =
    options.jwksUri === undefined &&
    discovery?.value !== undefined &&
    hosts[0] !== hosts[1] &&
    UNREACHABLE.includes(found.code);
  if (!isOfDocument) return found;
  return {
    ...found,
    seen: `${found.seen}; the metadata names this address, and was itself reached`,
    todo: `Have the issuer publish an address that is known here too, or configure jwksUri with one. ${found.todo}`,
  };
}

const UNREACHABLE: readonly Finding['code'][] = ['dns', 'connection_refused', 'connection_failed', 'timeout'];

/** JSON without an array `keys` (RFC 7517 §5): what it is instead. */
function notAKeySet({ options, jwks, jwksDocument }: Examination): Finding {
  const where = options.jwksUri === undefined ? 'the jwks_uri of the metadata' : 'jwksUri';
  const at = `what is at ${where}, ${quoted(shownUrl(jwks?.address ?? ''))},`;
  const document = jwksDocument?.value;
  const members = Object(document) as Record<string, unknown>;
  if (typeof members['jwks_uri'] === 'string')
    return error(
      'jwks_uri_is_discovery',
      `${at} is the metadata of the issuer, not its JWK Set`,
      options.jwksUri === undefined
        ? 'Have the issuer name the address of its JWK Set in jwks_uri; or configure it as jwksUri.'
        : `Leave jwksUri out: discovery finds the JWK Set by that document. Or configure ${quoted(shownUrl(members['jwks_uri']))}.`,
    );
  const isList = Array.isArray(document);
  if (isList || typeof members['kty'] === 'string')
    return error(
      'jwks_uri_is_one_key',
      `${at} is ${isList ? 'an array of keys' : 'a single JWK'}, not a JWK Set`,
      'Publish it as { "keys": [ … ] } (RFC 7517 §5).',
    );
  const values = Object.values(members);
  if (
    values.length > 0 &&
    values.every((value) => typeof value === 'string' && value.startsWith('-----BEGIN'))
  )
    return error(
      'jwks_uri_has_certificates',
      `${at} is a list of certificates by their key ids, in PEM, not a JWK Set`,
      'Configure the address of the JWK Set, which the provider publishes beside it ("/certs" or "/jwk" with Google and Firebase).',
    );
  return error(
    'not_a_key_set',
    `${at} is JSON without an array "keys": no JWK Set (RFC 7517 §5)`,
    'Configure the address of the JWK Set.',
  );
}

/** What the module says of the set: the same validation. */
function refusalOf(response: JwksResponse, { options, imported }: Examination): Finding | undefined {
  const { rules, keys } = options;
  const validation = new JwksValidation(rules.algorithms, keys.maxKeys, systemClock, () => {});
  try {
    validation.validateJwks(response);
    return undefined;
  } catch (refusal) {
    if (!(refusal instanceof JwksFetchError)) throw refusal;
    if (refusal.code === 'too_large')
      return error(
        'keys_too_many',
        `the JWK Set ${refusal.message}`,
        'Check the address; raise keys.maxKeys for a set that is really so large.',
      );
    if (response.keys.length === 0)
      return error(
        'keys_empty',
        `the JWK Set at ${shownUrl(response.jwksUri)} is empty: the issuer publishes no key`,
        'Create a signing key at the issuer; where it signs with HS256, switch to RS256 or ES256.',
      );
    return error(
      'keys_none_usable',
      `${response.keys.length === 1 ? 'the only key of the issuer cannot' : `none of the ${response.keys.length} keys of the issuer can`} be used: ${described(imported?.unusable ?? [])}`,
      'Have the issuer publish a public signing key: RSA of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519.',
    );
  }
}

function usableKeys({ imported, jwks }: Examination): Finding {
  const keys = imported?.keySet.keys ?? [];
  const names = keys.map(
    ({ kid, algorithms }) =>
      `${kid === undefined ? '(no kid)' : quoted(kid)} ${algorithms.map(({ name }) => name).join('/')}`,
  );
  return ok(
    'keys',
    `${plural(keys.length, 'key')} from ${shownUrl(jwks?.value?.jwksUri ?? '')} in ${Math.round(jwks?.tookMs ?? 0)} ms: ${names.slice(0, 10).join(', ')}`,
  );
}

const REASONS: Readonly<Record<UnusableKey['reason'], string>> = {
  not_an_object: 'no JSON object',
  private_material: 'it holds its private key',
  symmetric: 'symmetric (oct)',
  unknown_type: 'its kty is not supported',
  not_for_signatures: 'for encryption, or otherwise not to verify signatures (use or key_ops)',
  algorithm_mismatch: 'its alg or curve is not accepted',
  invalid_kid: 'its kid is no string',
  invalid_material: 'its members are missing, or no key',
  too_weak: 'too weak: RSA under 2048 bits, or a known weakness',
};

/** Why a key was left out. */
export const reasonOf = ({ reason }: UnusableKey): string => `${REASONS[reason]} (${reason})`;

const described = (unusable: readonly UnusableKey[]): string =>
  unusable
    .slice(0, 10)
    .map((key) => `${key.kid === undefined ? `key ${key.index}` : quoted(key.kid)}: ${reasonOf(key)}`)
    .join('; ');

/** A key for encryption beside those for signatures is usual. */
function leftOut(unusable: readonly UnusableKey[], usable: number): readonly Finding[] {
  const others = unusable.filter(({ reason }) => reason !== 'private_material');
  if (others.length === 0 || usable === 0) return [];
  const isUsual = others.every(({ reason }) => reason === 'not_for_signatures');
  const seen = `${plural(others.length, 'key')} left out: ${described(others)}`;
  return [
    isUsual
      ? note('keys_left_out', seen, 'Nothing: such keys sign no tokens.')
      : warning('keys_left_out', seen, 'Tokens signed with them are refused: replace them at the issuer.'),
  ];
}

function privateKeys(unusable: readonly UnusableKey[]): readonly Finding[] {
  const keys = unusable.filter(({ reason }) => reason === 'private_material');
  if (keys.length === 0) return [];
  return [
    error(
      'private_key_published',
      `the issuer publishes ${plural(keys.length, 'private key')}: ${described(keys)}. Anyone can sign tokens with it, so it is not used`,
      'Treat it as stolen: make a new key at the issuer, and publish its public members alone.',
    ),
  ];
}

function kidsTwice(kids: readonly (string | undefined)[]): readonly Finding[] {
  const named = kids.filter((kid) => kid !== undefined);
  const twice = [...new Set(named.filter((kid, index) => named.indexOf(kid) !== index))];
  const withoutName = kids.length - named.length;
  return [
    ...(twice.length === 0
      ? []
      : [
          warning(
            'kid_twice',
            `several keys have the same kid: ${quotedList(twice)}`,
            'Give each key a kid of its own (RFC 7517 §4.5); here each of them is tried, three at most.',
          ),
        ]),
    ...(withoutName > 0 && kids.length > 1
      ? [
          warning(
            'keys_without_kid',
            `${plural(withoutName, 'key')} of ${kids.length} without a kid`,
            'Have the issuer name its keys: a token without a kid is accepted where one key alone fits.',
          ),
        ]
      : []),
  ];
}

function differingAddress(
  address: string,
  named: unknown,
  configured: string | undefined,
): readonly Finding[] {
  if (configured === undefined || typeof named !== 'string' || named === configured || named === address)
    return [];
  return [
    note(
      'jwks_uri_differs',
      `jwksUri is ${quoted(shownUrl(configured))}, and the metadata of the issuer names ${quoted(shownUrl(named))}`,
      'Leave jwksUri out, unless the other address cannot be reached from the application.',
    ),
  ];
}

/** What the key ring makes of the headers: by its own rules. */
function cacheFindings({ headers }: JwksResponse, { options }: Examination): readonly Finding[] {
  const freshness = new Freshness(options.keys, systemClock);
  freshness.confirm(headers, systemClock.now(), systemClock.now());
  const givenMs = parseFreshness(headers);
  const used = `keys count as fresh for ${duration(freshness.maxAgeMs)} here, and are used for ${duration(options.keys.staleIfErrorMs)} more while the issuer cannot be reached`;
  if (givenMs === undefined)
    return [ok('cache', `the issuer does not say how long its keys may be cached; ${used}`)];
  if (givenMs === 0)
    return [
      note(
        'cache_forbidden',
        `the issuer forbids caching (${quoted(headers['cache-control'])}); ${used}`,
        'Nothing: keys are refreshed in the background. keys.maxAgeMs sets another time.',
      ),
    ];
  const isBounded = givenMs < KEY_POLICY.maxAgeFloorMs || givenMs > KEY_POLICY.maxAgeCeilingMs;
  const seen = `the issuer lets keys be cached for ${duration(givenMs)}; ${used}`;
  return [
    isBounded && options.keys.maxAgeMs === undefined
      ? note(
          'cache_outside_bounds',
          seen,
          'Nothing: the time is kept within 5 minutes and 1 hour. keys.maxAgeMs sets another one.',
        )
      : ok('cache', seen),
  ];
}

const singleKey = (): Finding =>
  note(
    'single_key',
    'the issuer publishes one key; at a rotation the first token of a new key is waited for by a fetch',
    'Have the issuer publish the next key some time before it signs with it, if it can.',
  );

const SLOW_MS = 2_000;

const slowness = ({ tookMs, address }: Attempt<unknown>): readonly Finding[] =>
  tookMs < SLOW_MS
    ? []
    : [
        warning(
          'slow',
          `the JWK Set took ${Math.round(tookMs)} ms (${shownUrl(address)})`,
          'Look at the issuer and what is on the way: requests under a new key wait 2 s at most.',
        ),
      ];
