import { Logger } from '@nestjs/common';
import { passportJwtSecret, type PassportJwtSecretOptions } from 'nestjs-jwks-auth';
import type { SecretOrKeyProvider } from 'passport-jwt';
import { onTestFinished } from 'vitest';

/** A provider that is closed when the test is over. */
export function createProvider(options: PassportJwtSecretOptions): ReturnType<typeof passportJwtSecret> {
  Logger.overrideLogger(false);
  const provider = passportJwtSecret(options);
  onTestFinished(() => provider.close());
  return provider;
}

/** The key that a provider yields for a token. */
export function keyOf(provider: SecretOrKeyProvider, token: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    provider({}, token, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
