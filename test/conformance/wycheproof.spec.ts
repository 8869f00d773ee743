import { describe, expect, it } from 'vitest';
import { isMissing, needed } from '../support/corpus.js';
import { reported, Tally } from './report.js';
import { verdictAtSeam } from './signature-seam.js';
import { expectedOfJwk, expectedOfJws, jwkGroups, jwsGroups } from './wycheproof.js';

describe.skipIf(isMissing('wycheproof'))(`Wycheproof at the signature seam (${needed('wycheproof')})`, () => {
  const signatures = new Tally();
  const keySets = new Tally();

  it('has every signature accepted or refused as it must be', async () => {
    for (const group of jwsGroups()) {
      const key = group.public ?? group.private;
      for (const one of group.tests) {
        const verdict = await verdictAtSeam(one.jws, [key]);
        signatures.add(`${one.tcId} ${one.comment}`, verdict, expectedOfJws(one, key.kty === 'oct'));
      }
    }
    expect(signatures.wrong).toEqual([]);
    expect(signatures.ran).toBe(401);
  });

  it('has every key set used or refused as it must be', async () => {
    for (const group of jwkGroups()) {
      const { keys } = group.public ?? group.private;
      for (const one of group.tests) {
        const isSymmetric = keys.every(({ kty }) => kty === 'oct');
        keySets.add(
          `${one.tcId} ${one.comment}`,
          await verdictAtSeam(one.jws, keys),
          expectedOfJwk(one, isSymmetric),
        );
      }
    }
    expect(keySets.wrong).toEqual([]);
    expect(keySets.ran).toBe(26);
  });

  it('is reported in docs/evidence/conformance.md', () => {
    const rows = [signatures.row('signatures'), keySets.row('key sets')];
    expect(reported('wycheproof', rows)).toEqual(rows);
  });
});
