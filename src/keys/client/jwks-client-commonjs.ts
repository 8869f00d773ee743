import type * as JwksRsa from 'jwks-rsa';
import { requireUnlessEsModule } from '../../common/require-unless-es-module.js';

type Client = typeof JwksRsa.JwksClient;
type Errors = Pick<typeof JwksRsa, 'JwksRateLimitError' | 'SigningKeyNotFoundError'>;
type CallbackSupport = (client: object) => JwksRsa.JwksClient['getSigningKey'];

/** These load nothing else. */
export const { JwksRateLimitError, SigningKeyNotFoundError } =
  require('jwks-rsa/src/errors/index.js') as Errors;

/** jwks-rsa loads jose, an ES module, and that fails where Jest runs CommonJS. */
export const JwksClient =
  requireUnlessEsModule<typeof JwksRsa>(() => require('jwks-rsa'))?.JwksClient ?? standIn();

/** What the constructor of a client adds; a ring overrides every method. */
function standIn(): Client {
  const { default: withCallback } = require('jwks-rsa/src/wrappers/callbackSupport.js') as {
    default: CallbackSupport;
  };
  return class {
    getSigningKey = withCallback(this);
  } as unknown as Client;
}
