import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Controller, Get, UseGuards, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CurrentUser,
  JwtAuthGuard,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
  type AuthProblem,
} from 'nestjs-jwks-auth';
import { forgeToken } from '../../libs/testing/src/minting.js';
import { createTestKey, type TestKey } from '../../libs/testing/src/test-key.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTH_OPTIONS } from '../../src/auth.module-definition.js';
import { DOCUMENTS, read, tableRows } from '../docs/markdown.js';
import { GOOGLE } from './google.js';
import { HOSTED } from './hosted.js';
import { MICROSOFT } from './microsoft.js';
import type { Provider, ProviderToken } from './provider.js';
import { ProviderSite } from './provider-site.js';
import { OTHER } from './other.js';
import { loadRecipe, recipesOf } from './recipe.js';
import { SELF_HOSTED } from './self-hosted.js';
import { WORKLOADS } from './workloads.js';

const PROVIDERS = [...HOSTED, ...MICROSOFT, ...GOOGLE, ...SELF_HOSTED, ...WORKLOADS, ...OTHER];
const OVERVIEW = 'docs/guide/providers.md';
const PAGES = DOCUMENTS.filter((document) => document.startsWith('docs/guide/providers/'));
const TABLED = PAGES.flatMap(recipesOf);
const RECIPES = [...TABLED, ...recipesOf(OVERVIEW)];
const LIFETIME_S = 300;

/** A route that requires what the tokens of this provider grant. */
function controllerFor({ grants = {} }: Provider) {
  const { scopes = [], permissions = [], roles = [] } = grants;
  const requirements = [
    UseGuards(JwtAuthGuard),
    ...(scopes.length > 0 ? [RequireScopes(...scopes)] : []),
    ...(permissions.length > 0 ? [RequirePermissions(...permissions)] : []),
    ...(roles.length > 0 ? [RequireRoles(...roles)] : []),
  ];

  @Controller()
  class OrdersController {
    @Get('orders')
    orders(@CurrentUser('iss') iss: string): object {
      return { iss };
    }
  }
  const handler = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'orders')!;
  for (const require of requirements) require(OrdersController.prototype, 'orders', handler);
  return OrdersController;
}

describe.each(PROVIDERS)('the recipe for $heading ($document)', (provider) => {
  const {
    document,
    heading,
    algorithm = 'RS256',
    metadata = {},
    jwksUri,
    tokenHeader,
    files = {},
  } = provider;
  const folder = mkdtempSync(join(tmpdir(), 'provider-'));
  let site: ProviderSite;
  let app: INestApplication;
  let key: TestKey;
  let unpublished: TestKey;

  beforeAll(async () => {
    [key, unpublished] = await Promise.all([createTestKey(algorithm), createTestKey(algorithm)]);
    const jwk = provider.jwk?.(key.publicJwk) ?? key.publicJwk;
    const jwks = { keys: [...(provider.otherKeys ?? []), jwk] };
    site = await ProviderSite.start({ ...metadata, [jwksUri]: jwks });

    const paths = Object.entries(files).map(([path, content]) => {
      const copy = join(folder, basename(path));
      mkdirSync(folder, { recursive: true });
      writeFileSync(copy, content);
      return [path, copy] as const;
    });
    const recipe = RECIPES.find((one) => one.document === document && one.heading === heading);
    const { auth, options } = await loadRecipe(recipe!, Object.fromEntries(paths));
    const requestAgent = site.agentFor(jwksUri.startsWith('https:') ? 'https:' : 'http:');
    const module = await Test.createTestingModule({
      imports: [auth],
      controllers: [controllerFor(provider)],
    })
      .overrideProvider(AUTH_OPTIONS)
      .useValue({ ...options, keys: { ...options.keys, requestAgent } })
      .compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app.close();
    await site[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const send = async (
    { header, claims }: ProviderToken,
    signingKey = key,
  ): Promise<{ status: number; code?: string; iss?: string; url: string }> => {
    const iat = Math.floor(Date.now() / 1_000);
    const token = forgeToken({
      header: { alg: key.algorithm, kid: key.kid, ...header },
      payload: { jti: randomUUID(), iat, exp: iat + LIFETIME_S, ...claims },
      key: signingKey,
    });
    const url = await app.getUrl();
    const headers: Record<string, string> =
      tokenHeader === undefined ? { authorization: `Bearer ${token}` } : { [tokenHeader]: token };
    const response = await fetch(`${url}/orders`, { headers });
    return { url, status: response.status, ...((await response.json()) as Partial<AuthProblem>) };
  };

  it.each(Object.entries(provider.accepted))('accepts %s', async (_, token) => {
    expect(await send(token)).toMatchObject({ status: 200, iss: token.claims['iss'] });
    expect(await send(token, unpublished)).toMatchObject({ status: 401, code: 'bad_signature' });
  });

  it.each(Object.entries(provider.refused))('refuses %s', async (_, { code, ...token }) => {
    expect(await send(token)).toMatchObject({ status: 401, code });
  });

  it('has its keys fetched with the credential that the recipe reads, and with none else', () => {
    const [credential] = Object.values(files);
    const sent = site.requests.map(({ headers }) => headers.authorization);
    expect(sent).not.toEqual([]);
    expect([...new Set(sent)]).toEqual([credential === undefined ? undefined : `Bearer ${credential}`]);
  });
});

describe('docs/guide/providers', () => {
  const named = ({ document, heading }: { document: string; heading: string }) => `${document}: ${heading}`;

  it('has no recipe that is not tested here, and none twice', () => {
    expect(PROVIDERS.map(named).toSorted()).toEqual(RECIPES.map(named).toSorted());
  });

  it('tests an accepted and a refused token of each', () => {
    for (const { accepted, refused } of PROVIDERS) {
      expect(Object.keys(accepted)).not.toEqual([]);
      expect(Object.keys(refused)).not.toEqual([]);
    }
  });

  it('has a row for each recipe in the table of the overview', () => {
    const rows = tableRows(OVERVIEW, 'providers').map(([provider]) => provider);
    const linked = rows.map((cell) => /^\[(.+)\]\((.+)\.md(#.+)\)$/.exec(cell ?? ''));
    expect(linked.map((match) => `docs/guide/${match?.[2]}.md: ${match?.[1]}`).toSorted()).toEqual(
      TABLED.map(named).toSorted(),
    );
  });

  it('names the source of each recipe, and says that it is not checked against the provider', () => {
    for (const page of PAGES) {
      const sections = read(page).split(/^## /m).slice(1);
      for (const section of sections) {
        expect(section).toMatch(/^_After \[.+\]\(https:\/\/.+\); not checked against .+ itself\._$/m);
      }
    }
  });
});
