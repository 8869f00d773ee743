import * as fc from 'fast-check';

/** Names of the keys that the issuer may have; the stranger's is published only where a case says so. */
export const KEY_NAMES = ['es256', 'eddsa', 'rs256', 'stranger'] as const;
export type KeyName = (typeof KEY_NAMES)[number];

/** A change to a JSON object: a member that gets a value, or is removed. */
export type Change = readonly [name: string, value: unknown];

/** A way to write JSON that is not that of JSON.stringify. */
export const WRITINGS = [
  'byte order mark',
  'latin1',
  'spaces',
  'twice',
  '__proto__',
  'deep',
  'half',
] as const;
/** What is done to the token as a string. */
export const CUTS = [
  'padding',
  'stray bits',
  'space',
  'plus',
  'cut',
  'more',
  'part',
  'flip',
  'long',
] as const;

/** One generated case. Times are seconds from now. */
export interface FuzzCase {
  readonly key: KeyName;
  readonly header: readonly Change[];
  readonly claims: readonly Change[];
  readonly writing: readonly [part: 0 | 1, how: (typeof WRITINGS)[number]] | undefined;
  readonly cut: readonly [how: (typeof CUTS)[number], at: number] | undefined;
  /** Changes to the published keys, by their index. */
  readonly keySet: readonly (readonly [index: number, change: Change])[];
  /** More members of the key set. */
  readonly extra: readonly unknown[];
  /** Demands the RFC 9068 profile. */
  readonly profile: boolean;
}

const junk = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, 0, 1, -1, '', [], {}, [''], [1], { a: 1 }),
  fc.string({ maxLength: 12 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const some = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const change = (name: string, values: fc.Arbitrary<unknown>): fc.Arbitrary<Change> =>
  fc.tuple(fc.constant(name), fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: junk }));

/** Placeholders for what the scene fills in. */
export const OURS = { issuer: '<issuer>', audience: '<audience>', kid: '<kid>' } as const;

const time = some<unknown>(-100_000, -60, -2, 0, 2.5, 60, 100_000, '<string>', '<infinite>');
const headerChange = fc.oneof(
  change('alg', some('none', 'HS256', 'es256', 'ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256', 'ES384')),
  change('kid', some<unknown>(undefined, null, 'nobody', '__proto__', 'es256', 'eddsa', 'rs256', 1)),
  change('typ', some<unknown>('JWT', 'AT+JWT', 'application/at+jwt', 'dpop+jwt', undefined, 1)),
  change('crit', some<unknown>(['exp'], ['b64'], [])),
  change('b64', some<unknown>(true, false)),
  change('jwk', junk),
  fc.tuple(fc.string({ maxLength: 8 }), junk),
);
const claimChange = fc.oneof(
  change('iss', some<unknown>(undefined, `${OURS.issuer}/`, [OURS.issuer], '__proto__')),
  change('aud', some<unknown>(undefined, [OURS.audience], [], [OURS.audience, 1], ['x', OURS.audience], 'x')),
  change('exp', time),
  change('nbf', time),
  change('iat', time),
  change('sub', some<unknown>(undefined, 1, 'somebody')),
  change('jti', some<unknown>(undefined, 1)),
  change('client_id', some<unknown>(undefined, 1)),
  change('cnf', some<unknown>({ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, 'x')),
  change('scope', some<unknown>('a b', ['a'], {})),
  fc.tuple(fc.string({ maxLength: 8 }), junk),
);
const keyChange = fc.oneof(
  change('alg', some<unknown>(undefined, 'ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RSA-OAEP', 1)),
  change('use', some<unknown>(undefined, 'enc', 'sig', 0)),
  change('key_ops', some<unknown>(['verify'], ['sign'], ['verify', 'verify'], 'verify', [])),
  change('kid', some<unknown>(undefined, 'es256', 'eddsa', 1)),
  change('kty', some<unknown>('oct', 'OKP', 'EC', undefined)),
  change('crv', some<unknown>('P-256', 'P-384', 'Ed25519', 'Ed448', '__proto__')),
  change('x', some<unknown>(undefined, 'AAAA', '=')),
  change('d', some<unknown>('AAAA')),
  change('issuer', some<unknown>('https://login.example/tenant/v2.0', OURS.issuer)),
  fc.tuple(fc.string({ maxLength: 8 }), junk),
);
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const few = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<T[]>([]) },
    { weight: 1, arbitrary: fc.array(arbitrary, { maxLength }) },
  );

/** Cases most of which are good but for a thing or two. */
export const fuzzCase: fc.Arbitrary<FuzzCase> = fc.record({
  key: fc.oneof(
    { weight: 8, arbitrary: some<KeyName>('es256', 'eddsa') },
    { weight: 1, arbitrary: some<KeyName>('rs256', 'stranger') },
  ),
  header: few(headerChange, 2),
  claims: few(claimChange, 3),
  writing: rarely(fc.tuple(some<0 | 1>(0, 1), some(...WRITINGS))),
  cut: rarely(fc.tuple(some(...CUTS), fc.nat(10_000))),
  keySet: few(fc.tuple(fc.nat(2), keyChange), 2),
  extra: few(fc.oneof(junk, some<unknown>('<stranger>', '<twin>')), 2),
  profile: fc.boolean(),
});
