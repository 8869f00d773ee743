import dns from 'node:dns';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { blockedAddressLookup, isBlockedAddress } from './blocked-addresses.js';

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

const lookUp = (all: boolean): Promise<unknown> =>
  new Promise((resolve) => {
    blockedAddressLookup('issuer.test', { all }, (error, address) => resolve(error ?? address));
  });

describe('blocked addresses', () => {
  it.each([true, false])(
    'are refused wherever they stand among the resolved ones, with all: %s',
    async (all) => {
      resolveTo('203.0.113.1', '169.254.169.254');
      expect(await lookUp(all)).toMatchObject({ code: 'forbidden_address' });
      resolveTo('203.0.113.1', '10.0.0.1');
      const [first] = [await lookUp(all)].flat();
      expect(first).toEqual(all ? { address: '203.0.113.1', family: 4 } : '203.0.113.1');
    },
  );

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
    '169.253.0.1',
    'fec0::1',
    '::ffff:10.0.0.1',
  ])('do not include %s', (address) => {
    expect(isBlockedAddress(address)).toBe(false);
  });
});
