import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { describe, expect, it } from 'vitest';
import { startGuardedApi } from './guarded-api.js';

/** Key sets that real issuers published over months, in the order of time. They are no part of this repository. */
const HISTORIES = fileURLToPath(new URL('../../../shared/corpus/idp-jwks-history/', import.meta.url));
const isMissing = !existsSync(HISTORIES);

interface PublishedKey {
  readonly kid: string;
  readonly use?: string;
}
interface Moment {
  readonly jwks: { readonly keys: readonly PublishedKey[] };
}

const usableKids = ({ jwks }: Moment) =>
  jwks.keys
    .filter(({ use = 'sig' }) => use === 'sig')
    .map(({ kid }) => kid)
    .toSorted();

const historyOf = (name: string) => JSON.parse(readFileSync(`${HISTORIES}${name}`, 'utf8')) as Moment[];

it.skipIf(isMissing && process.env['REQUIRE_ALL'] !== '1')(
  'has real rotations to replay (skipped: the corpus beside the checkout is missing)',
  () => expect(isMissing).toBe(false),
);

describe.skipIf(isMissing)('the rotations of a real issuer', () => {
  it.each(isMissing ? [] : readdirSync(HISTORIES))(
    '%s: every one is seen, and the keys held are those published',
    async (name) => {
      const history = historyOf(name);
      await using issuer = await startTestIssuer({ algorithm: 'ES256' });
      issuer.publish(history[0]?.jwks);
      await using api = await startGuardedApi(issuer, { keys: { bootstrap: 'background' } });
      await api.settled();

      let rotations = 0;
      for (const [index, moment] of history.entries()) {
        issuer.publish(moment.jwks);
        await api.pass(api.ring.status.nextRefreshInMs);
        expect(api.ring.status).toMatchObject({ state: 'FRESH', lastError: undefined });
        expect(api.ring.status.kids.toSorted()).toEqual(usableKids(moment));
        const before = history[index - 1] ?? moment;
        if (usableKids(before).join() !== usableKids(moment).join()) rotations += 1;
      }
      expect(api.events.filter(({ type }) => type === 'keys_changed')).toHaveLength(rotations);
    },
  );
});
