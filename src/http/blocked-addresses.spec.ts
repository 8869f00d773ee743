import dns from 'node:dns';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { blockedAddressLookup, isBlockedAddress, isThisMachine } from './blocked-addresses.js';

afterEach(() => vi.restoreAllMocks());

/** The system resolves every name to these addresses. */
function resolveTo(...addresses: string[]): void {
  vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, _options: object, callback: Function) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as never);
}

const lookUp = (all: boolean, allowLinkLocal = false): Promise<unknown> =>
  new Promise((resolve) => {
    const look = blockedAddressLookup(allowLinkLocal);
    look('issuer.test', { all }, (error, address) => resolve(error ?? address));
  });

describe('blocked addresses', () => {
  it.each([true, false])(
    'are left out wherever they stand among the resolved ones, with all: %s',
    async (all) => {
      resolveTo('169.254.169.254', '203.0.113.1');
      const found = await lookUp(all);
      expect(found).toEqual(all ? [{ address: '203.0.113.1', family: 4 }] : '203.0.113.1');
      resolveTo('169.254.169.254', 'fe80::1');
      expect(await lookUp(all)).toMatchObject({
        code: 'forbidden_address',
        message: 'the address 169.254.169.254 is blocked',
      });
    },
  );

  it('include link-local addresses unless the options allow those, and metadata services always', async () => {
    for (const address of ['169.254.1.2', '169.254.171.0', 'fe80::1', '::ffff:169.254.1.2']) {
      resolveTo(address);
      expect(await lookUp(false)).toMatchObject({ code: 'forbidden_address' });
      expect(await lookUp(false, true)).toBe(address);
    }
    for (const address of [
      '169.254.169.254',
      '169.254.169.253',
      '169.254.170.2',
      '169.254.170.23',
      '169.254.42.42',
      '169.254.0.23',
      'fd00:ec2::254',
      'fd00:c1::a9fe:a9fe',
      'fe80::a9fe:a9fe',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:aa02',
    ]) {
      resolveTo(address);
      expect(await lookUp(false, true)).toMatchObject({ code: 'forbidden_address' });
    }
  });

  it.each([
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:a9:fe:a9fe::',
    '64:ff9b:1:0:a9:fea9:fe00:0',
    '::ffff:0:a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '::169.254.169.254',
    '::a9fe:a9fe',
    '192.0.0.192',
    '::ffff:100.100.100.200',
  ])('include %s', async (address) => {
    resolveTo(address);
    expect(await lookUp(true)).toMatchObject({ code: 'forbidden_address' });
  });

  it.each([
    '10.0.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '::1',
    'fd00::1',
    'fd00:ec3::23',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '2002:a00:1::1',
    '192.0.0.8',
    '169.253.0.1',
    'fec0::1',
    '::ffff:10.0.0.1',
  ])('do not include %s', (address) => {
    expect(isBlockedAddress(address)).toBe(false);
  });
});

describe('this machine', () => {
  it.each([
    'localhost',
    'localhost.',
    'api.localhost',
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0.0.0.0',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ])('is %s', (host) => {
    expect(isThisMachine(new URL(`https://${host}/`))).toBe(true);
  });

  it.each(['issuer.test', 'localhost.example', '10.0.0.1', '[fd00::1]', '[::2:0:0:1]'])(
    'is not %s',
    (host) => {
      expect(isThisMachine(new URL(`https://${host}/`))).toBe(false);
    },
  );

  it('is left out of what the name resolves to that must not be it, but not of what a proxy does', async () => {
    const look = (name: string) =>
      new Promise((resolve) => {
        const lookup = blockedAddressLookup(false, 'keys.test');
        lookup(name, { all: false }, (error, address) => resolve(error ?? address));
      });
    resolveTo('127.0.0.1', '10.0.0.1');
    expect([await look('keys.test'), await look('proxy.test')]).toEqual(['10.0.0.1', '127.0.0.1']);
    resolveTo('127.0.0.1', '::1');
    expect(await look('keys.test')).toMatchObject({ code: 'forbidden_address' });
  });
});
