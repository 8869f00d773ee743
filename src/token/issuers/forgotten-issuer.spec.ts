import { beforeEach, expect, it, vi } from 'vitest';
import { ManualClock, settle } from '../../../test/support/manual-clock.js';
import { KeyRings } from '../../keys/key-rings.js';
import { resolveKeyOptions } from '../../keys/key.options.js';
import type { IssuerOptions } from '../token.options.js';
import { resolveDynamicIssuers } from './dynamic-issuers.js';
import { IssuerDirectory } from './issuer-directory.js';

const ACME = 'https://acme.test';
const GLOBEX = 'https://globex.test';

type Answer = Partial<IssuerOptions> | undefined;

let rings: KeyRings;
let directory: IssuerDirectory;
/** One for each call of `resolve`, in their order. */
let answers: PromiseWithResolvers<Answer>[];
beforeEach(() => {
  const clock = new ManualClock();
  answers = [];
  const resolve = vi.fn<() => Promise<Answer>>(() => {
    const answer = Promise.withResolvers<Answer>();
    answers.push(answer);
    return answer.promise;
  });
  rings = new KeyRings([], resolveKeyOptions(), () => {}, { clock, random: Math.random });
  const dynamic = resolveDynamicIssuers({ allow: () => true, resolve }, {}, false);
  directory = new IssuerDirectory([], rings, dynamic, clock);
});

const optionsOf = (issuer: string, audience: string) => ({ issuer, audience });
const audienceOf = async (issuer: string) => (await directory.resolve(issuer)).rules.audience;
const installed = (issuer: string) => directory.find(issuer)?.rules.audience;

it('what was resolved for an issuer that was forgotten meanwhile is not installed, before or after the new', async () => {
  const before = audienceOf(ACME);
  await settle();
  rings.forget(ACME);
  const after = audienceOf(ACME);
  await settle();
  answers[1]?.resolve(optionsOf(ACME, 'new'));
  expect(await after).toEqual(['new']);
  answers[0]?.resolve(optionsOf(ACME, 'old'));
  expect(await before).toEqual(['new']);
  expect([installed(ACME), answers.length]).toEqual([['new'], 2]);
});

it('a token that waits is judged by what holds after the issuer was forgotten', async () => {
  const waiting = audienceOf(ACME);
  await settle();
  rings.forget(ACME);
  answers[0]?.resolve(optionsOf(ACME, 'old'));
  await settle();
  expect([installed(ACME), answers.length]).toEqual([undefined, 2]);
  answers[1]?.resolve(optionsOf(ACME, 'new'));
  expect(await waiting).toEqual(['new']);
});

it('an issuer that was removed and forgotten meanwhile is refused, though it was there at first', async () => {
  const waiting = directory.resolve(ACME);
  await settle();
  rings.forget(ACME);
  answers[0]?.resolve(optionsOf(ACME, 'old'));
  await settle();
  answers[1]?.resolve(undefined);
  await expect(waiting).rejects.toMatchObject({ code: 'unknown_issuer' });
  expect(rings.status()).toEqual([]);
});

it('a failure from before the issuer was forgotten is not what the token gets', async () => {
  const waiting = audienceOf(ACME);
  await settle();
  rings.forget(ACME);
  answers[0]?.reject(new Error('the database is down'));
  await settle();
  answers[1]?.resolve(optionsOf(ACME, 'new'));
  expect(await waiting).toEqual(['new']);
});

it('forgetting one issuer does not resolve another anew', async () => {
  const waiting = audienceOf(GLOBEX);
  await settle();
  rings.forget(ACME);
  answers[0]?.resolve(optionsOf(GLOBEX, 'first'));
  expect([await waiting, answers.length]).toEqual([['first'], 1]);
});
