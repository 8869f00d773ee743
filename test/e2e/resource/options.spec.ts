import type { AuthOptions, ResourceOptions } from 'nestjs-jwks-auth';
import { describe, expect, it } from 'vitest';
import { resolveAuthOptions } from '../../../src/auth.options.js';

const issuer = 'https://login.example.com';
const identifier = 'https://api.example.com/mcp';

const CIRCULAR: { self?: unknown } = {};
CIRCULAR.self = CIRCULAR;

const documentOf = (resource: ResourceOptions, options: Partial<AuthOptions> = {}) =>
  resolveAuthOptions({ issuer, resource, ...options }).resources[0]?.document;
const dynamic = (resource: ResourceOptions) =>
  documentOf(resource, { issuer: undefined as never, issuers: { allow: () => true, resolve: () => ({}) } });

describe('the option resource', () => {
  it.each([
    [undefined, /"resource\.identifier" must be an https URL/],
    ['http://api.example.com', /must be an https URL; http is for loopback/],
    ['ftp://localhost/x', /must be an https URL/],
    ['https:/api.example.com', /must be an https URL/],
    ['api://mcp', /must be an https URL/],
    ['https://api.example.com/mcp#top', /fragment/],
    ['https://api.example.com/#', /fragment/],
    ['https://user:secret@api.example.com/mcp', /credentials/],
    ['https://api.example.com/a"b', /quotes/],
    ['https://api.example.com/a\\b', /backslashes/],
    ['https://api.example.com/a b', /spaces/],
    ['https://api.example.com/ä', /ASCII/],
    ['https://api.example.com/a/../b', /as URL parsers write/],
    ['https://api.example.com/mcp?', /as URL parsers write/],
    ['https://api.example.com/*', /must be a path/],
    ['https://api.example.com/mcp?scope=a', /parameter of a challenge/],
  ])('refuses the identifier %j', (given, message) => {
    expect(() => documentOf({ identifier: given as string })).toThrow(message);
    expect(() => documentOf({ identifier: given as string })).toThrow(TypeError);
  });

  it.each([
    [{ scopes: ['a', 'offline_access'] }, /"resource\.scopes" must not hold offline_access/],
    [{ scopes: ['a b'] }, /"resource\.scopes" holds "a b"/],
    [{ scopes: 'a' }, /"resource\.scopes" must be an array/],
    [{ name: '' }, /"resource\.name"/],
    [{ documentation: 'javascript:alert(1)' }, /"resource\.documentation"/],
    [{ policy: 'policy.html' }, /"resource\.policy"/],
    [{ termsOfService: 1 }, /"resource\.termsOfService"/],
    [{ alsoAtRoot: 'yes' }, /"resource\.alsoAtRoot"/],
    [{ authorizationServers: [] }, /"resource\.authorizationServers"/],
    [{ authorizationServers: ['http://login.example.com'] }, /"resource\.authorizationServers"/],
    [{ authorizationServers: ['https://login.example.com?a'] }, /"resource\.authorizationServers"/],
    [{ extra: { resource: 'x' } }, /"resource\.extra\.resource" has an option of its own/],
    [{ extra: { a: Symbol.iterator, b: CIRCULAR } }, /"resource\.extra" must hold nothing but JSON/],
    [{ extra: [] }, /"resource\.extra" must be an object/],
    [{ title: 'x' }, /"resource\.title" is unknown/],
  ])('refuses %j', (members, message) => {
    const resource = { identifier, ...members } as ResourceOptions;
    expect(() => documentOf(resource)).toThrow(message);
    expect(() => documentOf(resource)).toThrow(TypeError);
  });

  it('publishes the listed issuers, or a list, or none on purpose', () => {
    const issuers = [{ issuer }, { issuer: 'https://other.example.com/' }];
    expect(documentOf({ identifier }, { issuer: undefined as never, issuers })).toEqual({
      resource: identifier,
      authorization_servers: [issuer, 'https://other.example.com/'],
    });
    const authorizationServers = ['https://broker.example.com'];
    expect(documentOf({ identifier, authorizationServers })).toMatchObject({
      authorization_servers: authorizationServers,
    });
    expect(documentOf({ identifier, authorizationServers: null })).toEqual({ resource: identifier });
  });

  it('with dynamic issuers needs a list, or null on purpose', () => {
    expect(() => dynamic({ identifier })).toThrow(/"resource\.authorizationServers" must be a list/);
    expect(dynamic({ identifier, authorizationServers: null })).toEqual({ resource: identifier });
    expect(dynamic({ identifier, authorizationServers: [issuer] })).toMatchObject({
      authorization_servers: [issuer],
    });
  });

  it('leaves out what is empty, but for bearer_methods_supported', () => {
    expect(documentOf({ identifier, scopes: [], extra: { bearer_methods_supported: [], a: [] } })).toEqual({
      resource: identifier,
      authorization_servers: [issuer],
      bearer_methods_supported: [],
    });
  });

  it('contradicts an audience that does not hold its identifier, also one of a single issuer', () => {
    for (const audience of ['https://api.example.com', [`${identifier}/`]])
      expect(() => documentOf({ identifier }, { audience })).toThrow(/"audience" contradicts resource/);
    const issuers = [{ issuer, audience: 'https://api.example.com' }];
    expect(() => documentOf({ identifier }, { issuer: undefined as never, issuers })).toThrow(/contradicts/);
    expect(documentOf({ identifier }, { audience: ['x', identifier] })).toBeDefined();
  });

  it('makes its identifier the audience', () => {
    const { issuers, guard } = resolveAuthOptions({ issuer, resource: { identifier } });
    expect([issuers[0]?.audience, guard.realm]).toEqual([[identifier], identifier]);
  });
});

describe('a further audience with metadata', () => {
  const further = (...furtherAudiences: NonNullable<AuthOptions['furtherAudiences']>) =>
    resolveAuthOptions({ issuer, resource: { identifier }, furtherAudiences });

  it('is checked as the main one', () => {
    expect(() => further({ identifier: 'http://x.example' })).toThrow(/"furtherAudiences\[0\]\.identifier"/);
    expect(() => further({ identifier })).toThrow(/is an "audience" already/);
    expect(() => further('https://a.example', { identifier: 'https://a.example' })).toThrow(/twice/);
    expect(further('https://a.example', { identifier: 'https://b.example' }).resources).toHaveLength(2);
  });
});
