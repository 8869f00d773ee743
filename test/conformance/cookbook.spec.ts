import type { JsonWebKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importVerificationKey } from '../../src/jwk/verification-key.js';
import { ALGORITHMS } from '../../src/jwk/algorithms.js';
import { corpusFiles, isMissing, needed } from '../support/corpus.js';
import { reported, Tally, type Verdict } from './report.js';
import { verdictAtSeam } from './signature-seam.js';

interface CookbookExample {
  readonly input: { readonly key: JsonWebKey | readonly JsonWebKey[] };
  readonly output: { readonly compact?: string; readonly json?: object; readonly json_flat?: object };
}

/** RFC 7520 §4.1 to §4.3 and RFC 8037 A.4; the others are symmetric, detached, or JSON only. */
const ACCEPTED = ['4_1', '4_2', '4_3', 'jws.json'];
/** RFC 7520 §3.1 and §3.3; the others are private or symmetric. */
const PUBLIC_KEYS = ['3_1', '3_3'];
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'];

const isOneOf = (names: readonly string[], file: string): boolean =>
  names.some((name) => file.startsWith(name));
const publicOf = (key: JsonWebKey): JsonWebKey =>
  Object.fromEntries(Object.entries(key).filter(([name]) => !PRIVATE_MEMBERS.includes(name)));

function verdictOfImport(jwk: unknown): Verdict {
  try {
    importVerificationKey(jwk, ALGORITHMS.keys());
    return 'accept';
  } catch {
    return 'refuse';
  }
}

describe.skipIf(isMissing('jose-cookbook'))(
  `the cookbook of RFC 7520 and RFC 8037 (${needed('jose-cookbook')})`,
  () => {
    const compact = new Tally();
    const json = new Tally();
    const keys = new Tally();
    const examples = (folder: string) =>
      corpusFiles(`jose-cookbook/${folder}`).map(
        ([name, bytes]) => [name, JSON.parse(bytes.toString()) as CookbookExample] as const,
      );

    it('has its asymmetric compact signatures accepted, and everything else refused', async () => {
      for (const [name, { input, output }] of [...examples('jws'), ...examples('curve25519')]) {
        const jwks = [input.key].flat().map((key) => publicOf(key as JsonWebKey));
        const verdict = (token: string) => verdictAtSeam(token, jwks);
        if (output.compact !== undefined) {
          const expected = isOneOf(ACCEPTED, name) ? 'accept' : 'refuse';
          compact.add(name, await verdict(output.compact), expected);
        }
        for (const serialization of [output.json, output.json_flat]) {
          if (serialization === undefined) continue;
          json.add(name, await verdict(JSON.stringify(serialization)), 'refuse');
        }
      }
      expect([...compact.wrong, ...json.wrong]).toEqual([]);
      expect([compact.ran, json.ran]).toEqual([7, 19]);
    });

    it('has its public keys imported, and its private and symmetric ones refused', () => {
      for (const [name, bytes] of corpusFiles('jose-cookbook/jwk')) {
        keys.add(
          name,
          verdictOfImport(JSON.parse(bytes.toString())),
          isOneOf(PUBLIC_KEYS, name) ? 'accept' : 'refuse',
        );
      }
      expect(keys.wrong).toEqual([]);
      expect(keys.ran).toBe(6);
    });

    it('is reported in docs/evidence/conformance.md', () => {
      const rows = [compact.row('compact serializations'), json.row('JSON serializations'), keys.row('keys')];
      expect(reported('cookbook', rows)).toEqual(rows);
    });
  },
);
