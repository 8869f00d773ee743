import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { Provider } from 'oidc-provider';

const SCOPES = 'read:orders write:orders';

/**
 * An `oidc-provider` that issues `at+jwt` access tokens (RFC 9068) by client credentials, for the resource that the
 * client requests (RFC 8707). Its keys are in memory only.
 */
export class RotatingProvider {
  private readonly signingKeys: object[] = [];
  private listener: RequestListener = () => {};

  constructor(
    private readonly issuer: string,
    private readonly clientSecret: string,
  ) {
    this.rotate();
  }

  /** Signs with a new key from now on. Earlier keys stay published, so tokens signed by them stay valid. */
  rotate(): void {
    // A provider signs with the first of its keys and reads them only once, so each rotation needs a new one.
    this.signingKeys.unshift(newSigningKey());
    this.listener = createProvider(this.issuer, this.clientSecret, this.signingKeys).callback();
  }

  /** Handles a request. */
  readonly handle: RequestListener = (request, response) => this.listener(request, response);
}

function newSigningKey(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

function createProvider(issuer: string, clientSecret: string, keys: readonly object[]): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: 'demo',
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [...keys] as never },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: SCOPES.split(' '),
    ttl: { ClientCredentials: 3_600 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          audience: resource,
          scope: SCOPES,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
}
