import { beforeEach, describe, expect, it } from 'vitest';
import { ISSUER } from '../../test/support/constants.js';
import { RingFixture, type RingChanges } from '../../test/support/ring-fixture.js';
import { JwksFetchError } from '../http/jwks-fetch.error.js';
import { logKeyRingEvent } from './key-ring-log.js';

let lines: { log: string[]; warn: string[]; error: string[] };
beforeEach(() => {
  lines = { log: [], warn: [], error: [] };
});

/** A ring whose events become log lines. */
function loggedRing(changes: RingChanges = {}): RingFixture {
  const logger = {
    log: (line: string) => lines.log.push(line),
    warn: (line: string) => lines.warn.push(line),
    error: (line: string) => lines.error.push(line),
  };
  const onEvent: RingChanges['onEvent'] = (event, issuer) => logKeyRingEvent(logger, event, issuer);
  return new RingFixture({ onEvent, ...changes });
}

describe('the log line of a failed fetch', () => {
  it('says when the next attempt is', async () => {
    const fake = loggedRing();
    fake.source.failWith(500);
    await fake.ring.start();
    expect(lines.warn).toEqual([
      `${ISSUER}: keys could not be fetched (http_status: status 500); keys in memory are EMPTY, next attempt in 1 s; the cause is named by: npx nestjs-jwks-auth doctor ${ISSUER}`,
    ]);
  });

  it('names the command of the doctor only while there are no keys that may be used', async () => {
    const fake = loggedRing();
    await fake.ring.start();
    fake.source.failWith(500);
    await fake.ring.refresh();
    expect(lines.warn).toEqual([expect.stringMatching(/keys in memory are FRESH, next attempt in \d+ s$/)]);
  });

  it('says that a dynamic issuer without keys is fetched from on demand', async () => {
    const fake = loggedRing({ mayIdle: true });
    fake.source.failWith(500);
    await fake.ring.start();
    expect(lines.warn).toEqual([expect.stringMatching(/keys in memory are EMPTY, next attempt on demand; /)]);
    expect(fake.ring.status.nextRefreshInMs).toBe(Infinity);
  });

  it.each([
    [
      'an error that no source should throw',
      new RangeError('secret'),
      'network: an unexpected error (RangeError)',
    ],
    [
      'an error of a function of the application',
      new JwksFetchError('network', { message: 'threw an error', cause: new SyntaxError('secret') }),
      'network: threw an error (SyntaxError)',
    ],
    [
      'an error whose code is its message',
      new JwksFetchError('network', {
        message: 'ECONNREFUSED',
        cause: Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }),
      }),
      'network: ECONNREFUSED',
    ],
  ])('names the kind of %s, and no message of it', async (_, error, reason) => {
    const fake = loggedRing();
    fake.source.error = error as JwksFetchError;
    await fake.ring.start();
    expect(lines.warn).toEqual([expect.stringContaining(`(${reason});`)]);
    expect(lines.warn.join()).not.toContain('secret');
  });
});

describe('the log lines of keys that are not used', () => {
  it('name each key with its reason, and the private ones in an alarm', async () => {
    const fake = loggedRing();
    const [known = {}] = fake.source.keys as object[];
    const secret = (kid: string) => ({ kty: 'oct', k: 'AAAA', kid });
    fake.source.keys = [known, secret('a'), { ...known, kid: 'leaked', d: 'AAAA' }, secret('b')];
    await fake.ring.start();
    expect(lines.error).toEqual([
      `${ISSUER}: the issuer publishes a private key, which must be treated as stolen and is not used: key "leaked"`,
    ]);
    expect(lines.warn).toEqual([
      `${ISSUER}: some keys are not used (private_material, symmetric): key "a": symmetric; key "leaked": private_material, alg "ES256"; key "b": symmetric`,
    ]);
  });

  it('name ten keys, and count the others', async () => {
    const fake = loggedRing();
    const unusable = Array.from({ length: 12 }, (_, i) => ({ kty: 'oct', k: 'AAAA', kid: `k${i}` }));
    fake.source.keys = [...fake.source.keys, ...unusable];
    await fake.ring.start();
    expect(lines.warn).toEqual([expect.stringMatching(/key "k9": symmetric; 2 more$/)]);
  });
});

it('the log line of too many denials says where the others hold', () => {
  const logger = { log() {}, error() {}, warn: (line: string) => lines.warn.push(line) };
  logKeyRingEvent(logger, { type: 'denials_not_shared', max: 1_000 }, ISSUER);
  expect(lines.warn).toEqual([
    `${ISSUER}: more than 1000 key ids are denied; the key store holds 1000, the others are denied in this process only`,
  ]);
});
