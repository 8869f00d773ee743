import {
  Client,
  ClientCredentialsProvider,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { ClientCredentialsProvider as ClientCredentialsProvider1 } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as StreamableHTTPClientTransport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { AuthModule } from 'nestjs-jwks-auth';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startOAuthProvider, type OAuthProvider } from '../../support/oauth-provider.js';
import { freePort } from '../../support/free-port.js';
import { ADAPTERS, type Adapter } from '../../support/guarded-app.js';
import { calls, post, rpc, SERVERS, startMcpApp, type ServerKind } from '../../support/mcp-servers.js';

const SCOPES = 'files:read files:delete docs:read users:read plans:read';

let provider: OAuthProvider;
beforeAll(async () => {
  provider = await startOAuthProvider(SCOPES);
});
afterAll(() => provider.close());
beforeEach(() => {
  provider.grants.length = 0;
  calls.delete = 0;
});

async function startServer(kind: ServerKind, adapter: Adapter): Promise<string> {
  const port = await freePort();
  const identifier = `http://127.0.0.1:${port}/mcp`;
  const auth = AuthModule.forRoot({ issuer: provider.issuer, resource: { identifier }, tokenType: 'at+jwt' });
  const { app, url } = await startMcpApp({ kind, adapter, auth, port });
  onTestFinished(() => app.close());
  expect(url).toBe(identifier);
  return url;
}

const CASES = SERVERS.flatMap((kind) =>
  ADAPTERS.flatMap((adapter) =>
    (['2025-11-25', '2026-07-28'] as const)
      .filter((era) => era === '2025-11-25' || kind !== 'SDK 1')
      .map((era) => [kind, adapter, era] as const),
  ),
);

describe.each(CASES)('the official client, at a server of %s on %s, of %s', (kind, adapter, era) => {
  it('finds the issuer, gets a token for the resource, and a wider one when a tool needs it', async () => {
    const url = await startServer(kind, adapter);
    const statuses: number[] = [];
    const authProvider = new ClientCredentialsProvider({
      clientId: 'agent',
      clientSecret: 'secret',
      expectedIssuer: provider.issuer,
    });
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      authProvider,
      async fetch(input, init) {
        const response = await fetch(input, init);
        if (String(input) === url && init?.method === 'POST') statuses.push(response.status);
        return response;
      },
    });
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
    );
    await client.connect(transport);
    onTestFinished(() => client.close());
    expect(statuses[0]).toBe(401);
    expect(provider.grants.map((one) => one.get('resource'))).toEqual([url]);
    const hello = await client.callTool({ name: 'hello', arguments: {} });
    expect(hello.content).toEqual([{ type: 'text', text: 'hello' }]);

    statuses.length = 0;
    const deleted = await client.callTool({ name: 'delete', arguments: {} });
    expect(deleted.content).toEqual([{ type: 'text', text: 'deleted' }]);
    expect([statuses, calls.delete]).toEqual([[403, 200], 1]);
    expect(provider.grants.at(-1)?.get('resource')).toBe(url);
    expect(provider.grants.at(-1)?.get('scope')?.split(' ').toSorted()).toEqual([
      'files:delete',
      'files:read',
    ]);

    const read = await client.readResource({ uri: 'docs://secret' });
    expect(read.contents).toHaveLength(1);
    expect(provider.grants.at(-1)?.get('scope')?.split(' ').toSorted()).toEqual([
      'docs:read',
      'files:delete',
      'files:read',
    ]);
  });
});

describe.each(ADAPTERS)('the official client of SDK 1, on %s', (adapter) => {
  // Its provider for client credentials names the scopes that it is configured with, whatever a challenge says.
  it('finds the issuer, and calls with the scopes that it is configured with', async () => {
    const url = await startServer('SDK 1', adapter);
    const authProvider = new ClientCredentialsProvider1({
      clientId: 'agent',
      clientSecret: 'secret',
      scope: 'files:read files:delete',
      expectedIssuer: provider.issuer,
    });
    const transport = new StreamableHTTPClientTransport1(new URL(url), { authProvider });
    const client = new Client1({ name: 'test', version: '1.0.0' });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    onTestFinished(() => client.close());
    const { content } = await client.callTool({ name: 'delete', arguments: {} });
    expect(content).toEqual([{ type: 'text', text: 'deleted' }]);
    expect(provider.grants.map((one) => [one.get('resource'), one.get('scope')])).toEqual([
      [url, 'files:read files:delete'],
    ]);
  });
});

describe.each(ADAPTERS)('oauth4webapi on %s', (adapter) => {
  it('goes from a challenge over the metadata of the resource to a token, and steps up', async () => {
    const url = await startServer('SDK 2', adapter);
    const insecure = { [oauth.allowInsecureRequests]: true };
    const call = rpc('tools/call', { name: 'delete', arguments: {} });
    const anonymous = await post(url, call);
    expect(anonymous.status).toBe(401);
    const resource = new URL(url);
    const metadata = await oauth.processResourceDiscoveryResponse(
      resource,
      await oauth.resourceDiscoveryRequest(resource, insecure),
    );
    expect(metadataUrlIn(anonymous)).toBe(`${resource.origin}/.well-known/oauth-protected-resource/mcp`);
    const as = new URL(metadata.authorization_servers?.[0] ?? '');
    const authorizationServer = await oauth.processDiscoveryResponse(
      as,
      await oauth.discoveryRequest(as, insecure),
    );

    const tokenFor = async (scope: string) => {
      const client = { client_id: 'agent' };
      const response = await oauth.clientCredentialsGrantRequest(
        authorizationServer,
        client,
        oauth.ClientSecretBasic('secret'),
        new URLSearchParams({ resource: url, scope }),
        insecure,
      );
      const { access_token } = await oauth.processClientCredentialsResponse(
        authorizationServer,
        client,
        response,
      );
      return access_token;
    };
    const narrow = await post(url, call, { token: await tokenFor('files:read') });
    const challenge = await challengeOf(url, await tokenFor('files:read'), call);
    expect([narrow.status, challenge.parameters.error]).toEqual([403, 'insufficient_scope']);
    expect(challenge.parameters.scope).toBe('files:delete files:read');
    const wide = await post(url, call, { token: await tokenFor(challenge.parameters.scope ?? '') });
    expect([wide.status, calls.delete]).toEqual([200, 1]);
  });
});

const metadataUrlIn = (response: Response) =>
  /resource_metadata="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];

/** The challenge of a refused call, as oauth4webapi reads it. */
async function challengeOf(
  url: string,
  token: string,
  body: object,
): Promise<oauth.WWWAuthenticateChallenge> {
  try {
    const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json' });
    await oauth.protectedResourceRequest(token, 'POST', new URL(url), headers, JSON.stringify(body), {
      [oauth.allowInsecureRequests]: true,
    });
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError && error.cause[0] !== undefined)
      return error.cause[0];
  }
  throw new Error('the call was not refused');
}
