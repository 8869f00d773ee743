import { UnusableKeyError, type UnusableKeyReason } from './unusable-key.error.js';
import { importVerificationKey, parameterOf, type VerificationKey } from './verification-key.js';

/** At most so many keys are tried for one token: a forged one must not cost many checks of a signature. */
const MAX_CANDIDATES = 3;

/** What changed from one set to the next, by kid (a key without one goes by its thumbprint). */
export interface KeySetDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Same kid, other material or algorithm. */
  readonly changed: readonly string[];
}

/** An immutable snapshot of one issuer's verification keys. */
export class KeySet {
  static readonly EMPTY = new KeySet([]);

  readonly keys: readonly VerificationKey[];
  /** By kid and by certificate, and then by the name of an algorithm: every verification looks a key up. */
  private readonly byName: ReadonlyMap<string, ReadonlyMap<string, readonly VerificationKey[]>>;

  /** The kinds of thumbprints that the issuer publishes. */
  private readonly parameters: ReadonlySet<string | undefined>;

  constructor(keys: readonly VerificationKey[]) {
    this.keys = keys;
    const named = keys.flatMap((key) => namesOf(key).map((name) => ({ name, key })));
    const groups = Map.groupBy(named, ({ name }) => name);
    this.byName = new Map(
      [...groups].map(([name, group]) => [name, groupByAlgorithm(group.map(({ key }) => key))]),
    );
    this.parameters = new Set(keys.flatMap(({ certificates }) => certificates.map(parameterOf)));
  }

  /**
   * The keys that a token with this kid and algorithm could have been signed with: [] when the kid is known and its
   * keys do not fit the algorithm, undefined when no key has that kid.
   *
   * @param kid or the name of a certificate (`certificateName`); undefined when the token names neither
   * @param algorithm undefined for any
   */
  candidates(kid: string | undefined, algorithm: string | undefined): readonly VerificationKey[] | undefined {
    if (kid === undefined) return this.withoutKid(algorithm);
    const byAlgorithm = this.byName.get(kid);
    if (byAlgorithm !== undefined) {
      if (algorithm === undefined) return this.keys.filter((key) => namesOf(key).includes(kid));
      return byAlgorithm.get(algorithm) ?? NO_KEYS;
    }
    // A certificate means nothing to an issuer that publishes no such thumbprints.
    const parameter = parameterOf(kid);
    const isPublished = parameter === undefined || this.parameters.has(parameter);
    return isPublished ? undefined : this.withoutKid(algorithm);
  }

  /** True when a key goes by this kid. */
  has(kid: string): boolean {
    return this.byName.has(kid);
  }

  /** A token without a kid is accepted only if exactly one key fits its algorithm (RFC 7515 §4.1.4). */
  private withoutKid(algorithm: string | undefined): readonly VerificationKey[] | undefined {
    const fitting = this.keys.filter((key) => fits(key, algorithm));
    if (fitting.length === 0) return undefined;
    return fitting.length === 1 ? fitting : [];
  }

  /** True when this very key, by kid, material and algorithms, is in the set. */
  holds(key: VerificationKey): boolean {
    return this.keys.some((held) => held === key || identity(held) === identity(key));
  }

  /** The algorithms that the keys can verify, without repetition. */
  get algorithms(): readonly string[] {
    return [...new Set(this.keys.flatMap((key) => key.algorithms.map(({ name }) => name)))];
  }

  without(deniedKids: ReadonlySet<string>): KeySet {
    if (deniedKids.size === 0) return this;
    return new KeySet(this.keys.filter((key) => key.kid === undefined || !deniedKids.has(key.kid)));
  }

  /** What is different in `next`. */
  diff(next: KeySet): KeySetDiff {
    const before = Map.groupBy(this.keys, label);
    const after = Map.groupBy(next.keys, label);
    const kept = [...after.keys()].filter((kid) => before.has(kid));
    return {
      added: [...after.keys()].filter((kid) => !before.has(kid)),
      removed: [...before.keys()].filter((kid) => !after.has(kid)),
      changed: kept.filter((kid) => fingerprint(before.get(kid)) !== fingerprint(after.get(kid))),
    };
  }
}

/** True when two sets hold the same keys. */
export const isEmptyDiff = (diff: KeySetDiff): boolean =>
  diff.added.length + diff.removed.length + diff.changed.length === 0;

/** A member of a set that was left out, and why. */
export interface UnusableKey {
  readonly index: number;
  readonly reason: UnusableKeyReason;
  /** As the member has them. */
  readonly kid: string | undefined;
  readonly alg: string | undefined;
}

/** What was made of the members of a JWK Set: the usable ones, and why each other one was left out. */
export interface ImportedKeySet {
  readonly keySet: KeySet;
  readonly unusable: readonly UnusableKey[];
}

/**
 * Imports the members of a JWK Set (RFC 7517 §5) one by one; a broken one never spoils the others.
 */
export function importKeySet(members: readonly unknown[], allowed: readonly string[]): ImportedKeySet {
  const usable: VerificationKey[] = [];
  const unusable: UnusableKey[] = [];
  for (const [index, member] of members.entries()) {
    try {
      usable.push(importVerificationKey(member, allowed));
    } catch (error) {
      if (!(error instanceof UnusableKeyError)) throw error;
      const { kid, alg } = Object(member) as Record<string, unknown>;
      unusable.push({ index, reason: error.reason, kid: asText(kid), alg: asText(alg) });
    }
  }
  return { keySet: new KeySet(usable), unusable };
}

const namesOf = ({ kid, certificates }: VerificationKey): readonly string[] =>
  kid === undefined ? certificates : [kid, ...certificates];

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const NO_KEYS: readonly VerificationKey[] = [];

/** The keys to try for each algorithm that any of them is for. */
function groupByAlgorithm(keys: readonly VerificationKey[]): ReadonlyMap<string, readonly VerificationKey[]> {
  const names = new Set(keys.flatMap(({ algorithms }) => algorithms.map(({ name }) => name)));
  return new Map(
    [...names].map((name) => [name, keys.filter((key) => fits(key, name)).slice(0, MAX_CANDIDATES)]),
  );
}

const fits = (key: VerificationKey, algorithm: string | undefined): boolean =>
  algorithm === undefined || key.algorithms.some(({ name }) => name === algorithm);

const label = (key: VerificationKey): string => key.kid ?? key.thumbprint;

const identity = (key: VerificationKey): string =>
  JSON.stringify([key.kid, key.thumbprint, key.algorithms.map(({ name }) => name), key.issuer]);

/** A new certificate is a change too: a name more, for the same key. */
const fingerprint = (keys: readonly VerificationKey[] | undefined): string =>
  (keys ?? [])
    .map((key) => identity(key) + key.certificates.join())
    .toSorted()
    .join();
