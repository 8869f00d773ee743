import { Keyv } from 'keyv';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECRET } from '../../test/support/constants.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { KeyRings } from './key-rings.js';
import { resolveKeyOptions } from './key.options.js';

let issuer: TestIssuer;
let clock: ManualClock;
let entries: Map<string, unknown>;
beforeEach(async () => {
  issuer = await startTestIssuer();
  clock = new ManualClock();
  entries = new Map();
});
afterEach(() => issuer.close());

/** The rings of one process, over a store that all share. */
function startProcess(listed: readonly string[] = []): KeyRings {
  const store = new Keyv({ store: entries, useKeyPrefix: false });
  const issuers = listed.map((name) => ({ issuer: name, jwksUri: issuer.jwksUri }));
  const options = resolveKeyOptions({ store, storeSecret: SECRET });
  return new KeyRings(issuers, options, () => {}, { clock, random: () => 0.5 });
}

const TENANT = 'https://tenant.test';
const kid = () => issuer.keys[0]?.kid ?? '';
const open = (rings: KeyRings) => rings.open({ issuer: TENANT, jwksUri: issuer.jwksUri });
async function verdict(rings: KeyRings): Promise<string> {
  try {
    await rings.get(TENANT)?.lookUp(kid(), 'RS256');
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a denial at a dynamic issuer', () => {
  it('reaches a process that has its ring open, from one that has not', async () => {
    const [here, there] = [startProcess(), startProcess()];
    open(there);
    expect(await verdict(there)).toBe('ok');
    expect(await here.deny(kid(), TENANT)).toBe(true);
    await there.get(TENANT)?.refresh();
    expect(await verdict(there)).toBe('unknown_key');
    open(here);
    expect(await verdict(here)).toBe('unknown_key');
    for (const rings of [here, there]) rings.close();
  });

  it('without a name reaches every one, also those that are not open here', async () => {
    const [here, there] = [startProcess(), startProcess()];
    open(there);
    expect(await verdict(there)).toBe('ok');
    expect(await here.deny(kid())).toBe(true);
    await there.get(TENANT)?.refresh();
    expect(await verdict(there)).toBe('unknown_key');
    const late = startProcess();
    for (const rings of [here, late]) {
      open(rings);
      expect(await verdict(rings)).toBe('unknown_key');
    }
    for (const rings of [here, there, late]) rings.close();
  });

  it.each(['open', 'forget'] as const)(
    'holds in the ring that takes the place of the one it was given to, after %s',
    async (replace) => {
      const rings = startProcess();
      const replaced = open(rings);
      expect(await verdict(rings)).toBe('ok');
      if (replace === 'open') open(rings);
      else rings.forget(TENANT);
      expect(await replaced.deny(kid())).toBe(true);
      if (replace === 'forget') open(rings);
      expect(await verdict(rings)).toBe('unknown_key');
      const other = startProcess();
      open(other);
      expect(await verdict(other)).toBe('unknown_key');
      for (const each of [rings, other]) each.close();
    },
  );

  it('without a name is true where all issuers are listed', async () => {
    const [here, there] = [startProcess([TENANT]), startProcess([TENANT])];
    expect([await verdict(here), await verdict(there)]).toEqual(['ok', 'ok']);
    expect(await here.deny(kid())).toBe(true);
    await there.refresh();
    expect(await verdict(there)).toBe('unknown_key');
    for (const rings of [here, there]) rings.close();
  });
});
