import { Inject, Logger, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AUTH_OPTIONS, ConfigurableModuleClass } from './auth.module-definition.js';
import { resolveAuthOptions, type AuthOptions, type ResolvedAuthOptions } from './auth.options.js';
import { Authenticator } from './guard/authenticator.js';
import { GUARD_OPTIONS } from './guard/guard.options.js';
import { JwtAuthGuard } from './guard/jwt-auth.guard.js';
import { RouteAudit } from './guard/route-audit.js';
import { logKeyRingEvent } from './keys/key-ring-log.js';
import { JwksHealthIndicator } from './health/jwks.health-indicator.js';
import { KeyRings } from './keys/key-rings.js';
import { JwtStrategy } from './passport/jwt.strategy.js';
import { observe } from './telemetry/metrics.js';
import { AccessTokenVerifier } from './token/access-token-verifier.js';

const RESOLVED_OPTIONS = Symbol('nestjs-jwks-auth resolved options');

/**
 * Guards an API with OAuth 2 access tokens. `AuthModule.forRoot(options)`, or `AuthModule.forRootAsync` with
 * `useFactory`, `useClass` or `useExisting`; once per application.
 *
 * @throws TypeError at start, naming the option that is wrong
 */
@Module({
  providers: [
    {
      provide: RESOLVED_OPTIONS,
      inject: [AUTH_OPTIONS],
      useFactory: (given: AuthOptions) => resolveAuthOptions(given),
    },
    {
      provide: KeyRings,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ issuers, keys }: ResolvedAuthOptions) =>
        new KeyRings(issuers, keys, (event, issuer) =>
          logKeyRingEvent(new Logger('AuthModule'), event, issuer),
        ),
    },
    {
      provide: AccessTokenVerifier,
      inject: [RESOLVED_OPTIONS, KeyRings],
      useFactory: ({ issuers, token, dynamicIssuers }: ResolvedAuthOptions, keyRings: KeyRings) =>
        new AccessTokenVerifier(issuers, token, keyRings, dynamicIssuers),
    },
    {
      provide: GUARD_OPTIONS,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ guard }: ResolvedAuthOptions) => guard,
    },
    {
      provide: Authenticator,
      inject: [AccessTokenVerifier, GUARD_OPTIONS],
      useFactory: (verifier: AccessTokenVerifier, guard: ResolvedAuthOptions['guard']) =>
        new Authenticator(verifier, guard),
    },
    {
      provide: JwtStrategy,
      inject: [Authenticator, GUARD_OPTIONS],
      useFactory: (authenticator: Authenticator, guard: ResolvedAuthOptions['guard']) =>
        new JwtStrategy(authenticator, guard),
    },
    JwtAuthGuard,
    JwksHealthIndicator,
    RouteAudit,
  ],
  exports: [
    KeyRings,
    AccessTokenVerifier,
    Authenticator,
    GUARD_OPTIONS,
    JwtStrategy,
    JwtAuthGuard,
    JwksHealthIndicator,
  ],
})
export class AuthModule extends ConfigurableModuleClass implements OnModuleInit, OnModuleDestroy {
  private stopObserving = (): void => {};

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(KeyRings) private readonly keyRings: KeyRings,
    @Inject(AccessTokenVerifier) private readonly verifier: AccessTokenVerifier,
    @Inject(JwtStrategy) private readonly strategy: JwtStrategy,
  ) {
    super();
    const others = [...modules.values()].filter(({ metatype }) => metatype === AuthModule);
    if (others.length > 1)
      throw new TypeError('AuthModule is configured twice: call forRoot once per application');
  }

  async onModuleInit(): Promise<void> {
    this.strategy.register();
    await this.keyRings.start();
    const { keyRings, verifier } = this;
    this.stopObserving = observe({
      keySets: () => keyRings.status(),
      cachedTokens: () => verifier.cachedTokens,
    });
  }

  onModuleDestroy(): void {
    this.stopObserving();
    this.strategy.unregister();
    this.keyRings.close();
  }
}
