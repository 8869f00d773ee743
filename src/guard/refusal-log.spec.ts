import { afterEach, expect, it } from 'vitest';
import { AuthError, type AuthErrorCode } from '../common/auth.error.js';
import { AuthException } from './auth.exception.js';
import type { AccessTokenVerifier } from '../token/access-token-verifier.js';
import type { Authentication } from './authentication.js';
import { Authenticator, type Credentialed } from './authenticator.js';
import type { ResolvedGuardOptions } from './guard.options.js';
import { RefusalLog } from './refusal-log.js';

const lines = { debug: [] as string[], warn: [] as string[] };
afterEach(() => {
  lines.debug.length = 0;
  lines.warn.length = 0;
});
const logger = {
  debug: (line: string) => void lines.debug.push(line),
  warn: (line: string) => void lines.warn.push(line),
};

/** A log, and a clock that is set by hand. */
function logAt(isDebug = false) {
  const clock = { ms: 0, now: () => clock.ms };
  return { clock, log: new RefusalLog({ clock, logger, isDebug }) };
}

const accepted = { verified: {}, user: {}, info: {} } as Authentication;
const refusedWith = (code: AuthErrorCode, claim?: string): Authentication => ({
  error: new AuthError(code, { claim }),
  info: { issuer: 'https://login.example/' },
});

/** A decision for each outcome, one after the other. */
async function observe(log: RefusalLog, ...outcomes: readonly Authentication[]): Promise<void> {
  for (const outcome of outcomes) {
    const decided =
      outcome.error === undefined ? Promise.resolve(true) : Promise.reject(outcome.error as Error);
    await log.observe(decided, async () => outcome).catch(() => {});
    await new Promise(setImmediate);
  }
}

const wrongAudience = refusedWith('wrong_audience');

it('one warning where every token of the first minute was refused for one reason', async () => {
  const { log, clock } = logAt();
  await observe(log, wrongAudience, wrongAudience);
  expect(lines.warn).toEqual([]);
  clock.ms = 60_000;
  await observe(log, wrongAudience, wrongAudience);
  expect(lines.warn).toEqual([
    'every token so far, 3 in 60 s, was refused with wrong_audience; the cause is named by: npx nestjs-jwks-auth doctor https://login.example/ --audience <audience> --token -',
  ]);
});

it.each([
  ['one was accepted', accepted],
  ['one was refused for another reason', refusedWith('expired')],
])('none where %s', async (_, other) => {
  const { log, clock } = logAt();
  await observe(log, wrongAudience, other, wrongAudience);
  clock.ms = 60_000;
  await observe(log, wrongAudience, wrongAudience);
  expect(lines.warn).toEqual([]);
});

it('requests without a token, and outages, count for nothing', async () => {
  const { log, clock } = logAt();
  await observe(log, refusedWith('missing_token'), refusedWith('keys_unavailable'), wrongAudience);
  clock.ms = 60_000;
  await observe(log, wrongAudience);
  expect(lines.warn).toEqual([expect.stringContaining('2 in 60 s')]);
});

it('a token that is accepted and lacks a scope is accepted', async () => {
  const { log, clock } = logAt();
  const lacking = new AuthException(new AuthError('insufficient_scope'), { realm: 'api' });
  await log.observe(Promise.reject(lacking), async () => accepted).catch(() => {});
  await observe(log, wrongAudience);
  clock.ms = 60_000;
  await observe(log, wrongAudience);
  expect(lines.warn).toEqual([]);
});

it('a line of level debug for each refusal, with its code and claim, where that is switched on', async () => {
  const { log } = logAt(true);
  await observe(log, accepted, refusedWith('invalid_claim', 'token_use'), wrongAudience);
  const lacking = new AuthException(new AuthError('insufficient_scope'), { realm: 'api' });
  await log.observe(Promise.reject(lacking), async () => accepted).catch(() => {});
  await new Promise(setImmediate);
  expect(lines.debug).toEqual([
    'refused: code=invalid_claim claim=token_use',
    'refused: code=wrong_audience',
    'refused: code=insufficient_scope',
  ]);
  await observe(logAt().log, wrongAudience);
  expect(lines.debug).toHaveLength(3);
});

it('a decision passes through as it is', async () => {
  const { log } = logAt();
  const refusal = new AuthError('expired');
  await expect(log.observe(Promise.resolve(7), async () => accepted)).resolves.toBe(7);
  await expect(log.observe(Promise.reject(refusal), async () => refusedWith('expired'))).rejects.toBe(
    refusal,
  );
});

it('the authenticator takes note of each call, once', async () => {
  const { log } = logAt(true);
  const verifier = {
    verify: () => Promise.reject(new AuthError('expired')),
  } as unknown as AccessTokenVerifier;
  const authenticator = new Authenticator(verifier, {} as ResolvedGuardOptions, log);
  const request = { headers: { authorization: 'Bearer abc' } };
  const call = { request, key: request, transport: 'http' } as unknown as Credentialed;
  const decide = ({ error }: Authentication) => Promise.reject(error as Error);
  await expect(authenticator.authenticate(call, decide)).rejects.toMatchObject({ code: 'expired' });
  await expect(authenticator.authenticate(call, decide)).rejects.toMatchObject({ code: 'expired' });
  expect(lines.debug).toEqual(['refused: code=expired']);
});
