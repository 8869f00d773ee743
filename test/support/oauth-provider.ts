import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { freePort } from './free-port.js';

/** An `oidc-provider` on loopback that issues tokens for the resource that a client names (RFC 8707). */
export interface OAuthProvider {
  readonly issuer: string;
  /** The parameters of the requests for tokens that were granted. */
  readonly grants: URLSearchParams[];
  close(): void;
}

/** Starts a provider with a client `agent`, whose secret is `secret`, and these scopes, separated by spaces. */
export async function startOAuthProvider(scope: string): Promise<OAuthProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = createProvider(issuer, scope);
  const grants: URLSearchParams[] = [];
  provider.on('grant.success', ({ oidc }) =>
    grants.push(new URLSearchParams(oidc.params as Record<string, string>)),
  );
  const server = createServer(provider.callback()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    issuer,
    grants,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function createProvider(issuer: string, scope: string): Provider {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return new Provider(issuer, {
    clients: [
      {
        client_id: 'agent',
        client_secret: 'secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] as never },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: scope.split(' '),
    ttl: { ClientCredentials: 3_600 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          audience: resource,
          scope,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
}
