import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { AuthModule, type AuthOptions } from 'nestjs-jwks-auth';
import { HealthController } from './health.controller.js';
import { OrdersController } from './orders.controller.js';

/**
 * Reads `ISSUER` and `AUDIENCE`, which suit any provider; Cognito's access tokens have no audience, so for Cognito set
 * `CLIENT_ID` instead. `KEYS_MAX_AGE_MS` overrides how long the issuer's keys count as fresh.
 */
export function authOptions(config: ConfigService): AuthOptions {
  const issuer = config.get<string>('ISSUER');
  const audience = config.get<string>('AUDIENCE');
  const clientId = config.get<string>('CLIENT_ID');
  const maxAgeMs = config.get<string>('KEYS_MAX_AGE_MS');
  const keys = maxAgeMs === undefined ? {} : { maxAgeMs: Number(maxAgeMs) };
  if (issuer === undefined) throw new Error('Set ISSUER to the URL of your identity provider.');
  if (audience !== undefined) return { issuer, audience, keys };
  if (clientId === undefined)
    throw new Error(
      'Set AUDIENCE to the audience of your access tokens (for Cognito, set CLIENT_ID instead).',
    );
  return { issuer, audience: null, requiredClaims: { token_use: 'access', client_id: clientId }, keys };
}

@Module({
  imports: [
    AuthModule.forRootAsync({
      imports: [ConfigModule.forRoot()],
      inject: [ConfigService],
      useFactory: authOptions,
      guardEveryRoute: true,
    }),
  ],
  controllers: [OrdersController, HealthController],
})
export class AppModule {}
