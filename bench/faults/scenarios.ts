import type { Fault, TestIssuer, TestKey } from 'nestjs-jwks-auth/testing';

/** One fault or event at an issuer. */
export interface Scenario {
  readonly name: string;
  /** Begins it; returns what ends it. */
  readonly begin: (stage: Stage) => (() => void) | Promise<() => void>;
  /** Done before the contender starts. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** True when it costs so much that contenders would disturb each other: they are then run one after another. */
  readonly isHeavy?: boolean;
  /** True when it has nothing to do with the expiry of keys: they then stay fresh throughout. */
  readonly keysStayFresh?: boolean;
  /** How long after the keys were loaded it begins, in milliseconds. @default at once */
  readonly idleMs?: number;
}

/** What a scenario plays on. */
export interface Stage {
  readonly issuer: TestIssuer;
  /** 23 more keys, for the issuer that has many. */
  readonly keys: readonly TestKey[];
}

const fault = (name: string, what: Fault, isHeavy = false): Scenario => ({
  name,
  isHeavy,
  begin({ issuer }) {
    issuer.fault(what);
    return () => issuer.fault(undefined);
  },
});

/** In the order of the table. */
export const SCENARIOS: readonly Scenario[] = [
  fault('answers take 1 s', { latencyMs: 1_000 }),
  fault('no answer at all', 'hang'),
  fault('a byte now and then', 'drip'),
  fault('connections die in mid-body', 'cut'),
  fault('connections are reset', 'reset'),
  fault('500', { status: 500 }),
  fault('429 with `Retry-After: 5`', { status: 429, headers: { 'retry-after': '5' } }),
  fault('404', { status: 404 }),
  fault('HTML with status 200', 'html'),
  fault('truncated JSON', 'truncated'),
  fault('an empty key set', 'empty'),
  fault('a redirect', 'redirect'),
  {
    // RFC 7517 §5: keys that lack a required member should be ignored.
    name: 'one key of the set lacks its modulus',
    begin({ issuer }) {
      const broken = { kty: 'RSA', kid: 'broken', use: 'sig', alg: 'RS256', e: 'AQAB' };
      issuer.publish({ keys: [broken, ...issuer.keys.map(({ publicJwk }) => publicJwk)] });
      return () => issuer.publish(undefined);
    },
  },
  fault('a body of 256 MB', 'huge', true),
  {
    name: 'no fault: 24 live keys',
    keysStayFresh: true,
    async prepare({ issuer, keys }) {
      for (const key of keys) await issuer.addKey(key);
    },
    begin: () => () => {},
  },
  {
    name: 'no fault: a new key, the old one removed',
    keysStayFresh: true,
    // jose looks for an unknown key id once in 30 s; rotations seldom follow a fetch as closely as in a bench.
    idleMs: 31_000,
    async begin({ issuer }) {
      await issuer.rotate({ keepOld: false });
      return () => {};
    },
  },
  { name: 'no fault at all', begin: () => () => {} },
];
