import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { describe, expect, it } from 'vitest';
import { corpusFiles, isMissing, needed } from '../support/corpus.js';
import { startGuardedApi } from './guarded-api.js';

/** Key sets that real issuers published over months, in the order of time. They are no part of this repository. */
const CORPUS = 'idp-jwks-history';

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

/** By the names of the files, one an issuer. */
const HISTORIES: readonly (readonly [string, readonly Moment[]])[] = isMissing(CORPUS)
  ? [['every issuer', []]]
  : corpusFiles(CORPUS).map(([name, bytes]) => [name, JSON.parse(bytes.toString()) as Moment[]]);

describe.skipIf(isMissing(CORPUS))(`the rotations of a real issuer (${needed(CORPUS)})`, () => {
  it.each(HISTORIES)('%s: every one is seen, and the keys held are those published', async (_, history) => {
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
  });
});
