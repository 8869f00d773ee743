import { expect, it } from 'vitest';
import type { VerificationKey } from '../jwk/verification-key.js';
import { signsForIssuer } from './entra-tenant.js';

const V2 = 'https://login.microsoftonline.com/tenant-y/v2.0';
const V1 = 'https://sts.windows.net/tenant-y/';
const signs = (issuer: string | undefined, iss: string, tid?: unknown): boolean =>
  signsForIssuer({ issuer } as VerificationKey, { iss, tid });

it('lets a key sign that says nothing, or names exactly this issuer', () => {
  expect(signs(undefined, V2)).toBe(true);
  expect(signs('https://issuer.example', 'https://issuer.example')).toBe(true);
});

it('lets a key of a tenant sign for that tenant alone, in either form of its issuer', () => {
  const key = 'https://login.microsoftonline.com/tenant-y/v2.0';
  expect([signs(key, V2), signs(key, V1)]).toEqual([true, true]);
  const other = 'https://login.microsoftonline.com/tenant-x/v2.0';
  expect([signs(other, V2, 'tenant-x'), signs(other, V1, 'tenant-y')]).toEqual([false, false]);
});

it('lets a key of all tenants sign where tid is the tenant of iss', () => {
  const key = 'https://login.microsoftonline.com/{tenantid}/v2.0';
  expect([signs(key, V2, 'tenant-y'), signs(key, V1, 'tenant-y')]).toEqual([true, true]);
  for (const tid of ['tenant-x', undefined, 1, '{tenantid}']) expect(signs(key, V2, tid)).toBe(false);
});

it('refuses issuers without a path that differ', () => {
  expect(signs('https://one.example', 'https://other.example')).toBe(false);
});

it('lets a key of all tenants sign for no tenant when there is no tid', () => {
  const key = 'https://login.microsoftonline.com/{tenantid}/v2.0';
  for (const iss of ['https://issuer.example', 'accounts.example', 'urn:issuer', key, V2]) {
    for (const tid of [undefined, null, '', 1, [], '{tenantid}', 'undefined'])
      expect([iss, tid, signs(key, iss, tid)]).toEqual([iss, tid, false]);
  }
  expect(signs(key, V2, 'tenant-y')).toBe(true);
});

it('lets a key of one tenant sign for no issuer without a tenant', () => {
  for (const key of [V2, 'https://login.microsoftonline.com', ''])
    expect(signs(key, 'https://issuer.example')).toBe(false);
});
