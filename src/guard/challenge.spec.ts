import { expect, it } from 'vitest';
import { wwwAuthenticate } from './challenge.js';

it('writes each parameter once, in one order, whatever the order in which they are given', () => {
  const parameters = {
    max_age: '300',
    acr_values: 'a b',
    resource_metadata: 'https://api.example.com/.well-known/oauth-protected-resource',
    scope: 'read write',
    error_description: 'Why',
    error: 'insufficient_user_authentication',
    realm: 'orders',
  };
  expect(wwwAuthenticate([{ scheme: 'Bearer', parameters }])).toBe(
    'Bearer realm="orders", error="insufficient_user_authentication", error_description="Why", scope="read write", ' +
      'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource", acr_values="a b", max_age="300"',
  );
});

it('leaves out what is not given, and what would be empty', () => {
  expect(
    wwwAuthenticate([{ scheme: 'Bearer', parameters: { realm: 'api', scope: '', error: undefined } }]),
  ).toBe('Bearer realm="api"');
});

it('needs no escapes, and ends no line', () => {
  const parameters = { realm: 'a"b\\c\r\nX-Injected: 1', error_description: 'ü' };
  expect(wwwAuthenticate([{ scheme: 'Bearer', parameters }])).toBe('Bearer realm="abcX-Injected: 1"');
});

it('writes several challenges into one value, in their order', () => {
  const challenge = (realm: string) => ({ scheme: 'Bearer', parameters: { realm } }) as const;
  expect(wwwAuthenticate([challenge('a'), challenge('b')])).toBe('Bearer realm="a", Bearer realm="b"');
});
