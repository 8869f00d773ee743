import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { isMissing, needed } from '../support/corpus.js';
import { GuardedRoute } from './guarded-route.js';
import { reported, Tally } from './report.js';
import { expectedOfJws, jwsGroups } from './wycheproof.js';
import { WycheproofForger } from './wycheproof-forgeries.js';

/** Names of their own, because Wycheproof uses some kids for several keys. */
const asymmetric = () =>
  jwsGroups()
    .filter((group) => group.public !== undefined)
    .map((group, index) => ({ group, kid: `wycheproof-${index}` }));

describe.skipIf(isMissing('wycheproof'))(
  `Wycheproof's mistakes in tokens with claims, over HTTP (${needed('wycheproof')})`,
  () => {
    const tally = new Tally();

    it('has every one of them refused, and the sound ones accepted under the same keys', async () => {
      const groups = asymmetric();
      await using route = await GuardedRoute.start({
        jwks: groups.map(({ group, kid }) => ({ ...group.public, kid })),
      });
      for (const { group, kid } of groups) {
        const forger = new WycheproofForger(group);
        for (const one of group.tests) {
          const token = forger.forge(one, { kid, typ: 'at+jwt' }, route.issuer.claims());
          const { status, calls } = await route.send(token);
          const isAccepted = status === 200 && calls === 1;
          // A token of no characters, and JSON, are no bearer credentials at all.
          expect([200, 400, 401], `${one.tcId} ${one.comment}`).toContain(status);
          expect(calls, `${one.tcId} ${one.comment}`).toBe(isAccepted ? 1 : 0);
          tally.add(
            `${one.tcId} ${one.comment}`,
            isAccepted ? 'accept' : 'refuse',
            expectedOfJws(one, false),
          );
        }
      }
      expect(tally.wrong).toEqual([]);
      expect(tally.ran).toBe(361);
    });

    it('is reported in docs/evidence/conformance.md', () => {
      const rows = [tally.row('signatures')];
      expect(reported('wycheproof-http', rows)).toEqual(rows);
    });
  },
);
