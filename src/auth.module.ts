import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { errorMonitor, type EventEmitter } from 'node:events';
import {
  AUTH_OPTIONS,
  ConfigurableModuleClass,
  type AsyncAuthOptions,
  type AuthModuleExtras,
} from './auth.module-definition.js';
import { resolveAuthOptions, type AuthOptions, type ResolvedAuthOptions } from './auth.options.js';
import { systemClock } from './common/clock.js';
import { Connections } from './connections/connections.js';
import { GatewayAudit } from './connections/gateway-audit.js';
import { WebSocketAuth } from './connections/websocket-auth.js';
import type { Endpoint } from './endpoint/endpoint.js';
import { serveEndpoint } from './endpoint/serve-endpoint.js';
import { Authenticator } from './guard/authenticator.js';
import { GUARD_OPTIONS } from './guard/guard.options.js';
import { REQUEST_RULES } from './guard/request-rules.js';
import { JwtAuthGuard } from './guard/jwt-auth.guard.js';
import { EventFilters } from './guard/routes/event-filters.js';
import { RequirementAudit } from './guard/routes/requirement-audit.js';
import { RouteAudit } from './guard/routes/route-audit.js';
import { BackChannelLogout } from './logout/back-channel-logout.js';
import { LogoutTokenVerifier } from './logout/logout-token-verifier.js';
import { McpEndpoints } from './mcp/mcp-endpoints.js';
import { logKeyRingEvent } from './keys/key-ring-log.js';
import { JwksHealthIndicator } from './health/jwks.health-indicator.js';
import { KEY_OPTIONS } from './keys/key.options.js';
import { KeyRings } from './keys/key-rings.js';
import { JwtStrategy } from './passport/jwt.strategy.js';
import { createRevocations } from './revocation/create-revocations.js';
import { Revocations } from './revocation/revocations.js';
import { checkIsStatic } from './static-dependencies.js';
import { metadataEndpoints } from './resource/resource-metadata.js';
import { StreamEnd } from './streams/stream-end.js';
import { AccessPolicies } from './requirements/access-policy.js';
import { RequirementChecks } from './requirements/requirement-checks.js';
import { observe } from './telemetry/metrics.js';
import { AccessTokenVerifier } from './token/access-token-verifier.js';
import { ISSUERS } from './token/issuers/issuer-rules.js';

/** Nest runs the hooks of modules by their distance from the root module, which has 0, in descending order. */
const LAST = -1;

const EXAMPLE = "such as AuthModule.forRoot({ issuer: 'https://…', audience: 'https://…' })";

/** Runs whatever the options depend on; a module that is request-scoped has no hooks. */
const START_CHECK = Symbol('nestjs-jwks-auth start check');
const RESOLVED_OPTIONS = Symbol('nestjs-jwks-auth resolved options');
/** Undefined where no logout tokens are received. */
const BACK_CHANNEL_LOGOUT = Symbol('nestjs-jwks-auth back-channel logout');
/** The endpoints of the metadata of protected resources. */
const RESOURCE_METADATA = Symbol('nestjs-jwks-auth resource metadata');

/**
 * Guards an API with OAuth 2 access tokens. `AuthModule.forRoot(options)`, or `AuthModule.forRootAsync` with
 * `useFactory`, `useClass` or `useExisting`; once per application.
 *
 * @throws TypeError at start, naming the option that is wrong
 */
@Module({
  providers: [
    {
      provide: START_CHECK,
      inject: [ModulesContainer],
      useFactory: (modules: ModulesContainer) => ({
        onModuleInit: () => checkIsStatic(AUTH_OPTIONS, modules),
      }),
    },
    {
      provide: RESOLVED_OPTIONS,
      inject: [{ token: AUTH_OPTIONS, optional: true }],
      useFactory: (given: AuthOptions | undefined) => {
        if (given === undefined) throw new TypeError(`AuthModule has no options, ${EXAMPLE}`);
        return resolveAuthOptions(given);
      },
    },
    {
      provide: ISSUERS,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ issuers }: ResolvedAuthOptions) => issuers,
    },
    {
      provide: KEY_OPTIONS,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ keys }: ResolvedAuthOptions) => keys,
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
      provide: Revocations,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ revocations, keys }: ResolvedAuthOptions) =>
        createRevocations(revocations, keys, new Logger('AuthModule')),
    },
    {
      provide: AccessTokenVerifier,
      inject: [RESOLVED_OPTIONS, KeyRings, Revocations],
      useFactory: (
        { issuers, token, dynamicIssuers }: ResolvedAuthOptions,
        keyRings: KeyRings,
        revocations: Revocations,
      ) => new AccessTokenVerifier(issuers, token, keyRings, dynamicIssuers, systemClock, revocations),
    },
    {
      provide: BACK_CHANNEL_LOGOUT,
      inject: [RESOLVED_OPTIONS, AccessTokenVerifier, Revocations],
      useFactory: (
        { logout, token }: ResolvedAuthOptions,
        { directory }: AccessTokenVerifier,
        revocations: Revocations,
      ) => {
        if (logout === undefined) return undefined;
        const verifier = new LogoutTokenVerifier(logout, directory, token.clockToleranceMs);
        return new BackChannelLogout(logout, verifier, revocations, new Logger('AuthModule'));
      },
    },
    {
      provide: RESOURCE_METADATA,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ resources }: ResolvedAuthOptions) => metadataEndpoints(resources),
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
    AccessPolicies,
    {
      provide: RequirementChecks,
      inject: [GUARD_OPTIONS, AccessPolicies],
      useFactory: (guard: ResolvedAuthOptions['guard'], policies: AccessPolicies) =>
        new RequirementChecks(guard, policies),
    },
    { provide: REQUEST_RULES, useClass: McpEndpoints },
    JwtAuthGuard,
    JwksHealthIndicator,
    {
      provide: Connections,
      inject: [Authenticator, AccessTokenVerifier, RESOLVED_OPTIONS, Revocations],
      useFactory: (
        authenticator: Authenticator,
        verifier: AccessTokenVerifier,
        { guard, token }: ResolvedAuthOptions,
        revocations: Revocations,
      ) => {
        const connections = new Connections(authenticator, verifier, guard, token.clockToleranceMs);
        connections.watch(revocations);
        return connections;
      },
    },
    {
      provide: StreamEnd,
      inject: [Authenticator, GUARD_OPTIONS],
      useFactory: (authenticator: Authenticator, guard: ResolvedAuthOptions['guard']) =>
        new StreamEnd(authenticator, guard),
    },
    WebSocketAuth,
    RouteAudit,
    RequirementAudit,
    GatewayAudit,
    EventFilters,
  ],
  exports: [
    KeyRings,
    Revocations,
    AccessTokenVerifier,
    Authenticator,
    GUARD_OPTIONS,
    REQUEST_RULES,
    RequirementChecks,
    JwtStrategy,
    JwtAuthGuard,
    JwksHealthIndicator,
    WebSocketAuth,
    StreamEnd,
  ],
})
export class AuthModule
  extends ConfigurableModuleClass
  implements NestModule, OnApplicationBootstrap, OnApplicationShutdown
{
  private isClosed = false;
  private stopObserving: (() => void) | undefined;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(KeyRings) private readonly keyRings: KeyRings,
    @Inject(AccessTokenVerifier) private readonly verifier: AccessTokenVerifier,
    @Inject(JwtStrategy) private readonly strategy: JwtStrategy,
    @Inject(Revocations) private readonly revocations: Revocations,
    @Inject(BACK_CHANNEL_LOGOUT) private readonly logout: BackChannelLogout | undefined,
    @Inject(RESOURCE_METADATA) private readonly metadata: readonly Endpoint[],
  ) {
    super();
    const [own, ...others] = [...modules.values()].filter(({ metatype }) => metatype === AuthModule);
    if (others.length > 0)
      throw new TypeError('AuthModule is configured twice: call forRoot once per application');
    if (own !== undefined) own.distance = LAST;
  }

  /**
   * The module with these options.
   *
   * @throws TypeError without options; what is wrong with them is said at start
   */
  static override forRoot(options: AuthOptions & AuthModuleExtras): DynamicModule {
    if (!isGiven(options)) throw new TypeError(`AuthModule.forRoot needs options, ${EXAMPLE}`);
    return super.forRoot(options);
  }

  /**
   * The module with the options that a factory makes, once for the application: at start, a dependency of the factory that
   * is request-scoped is a TypeError.
   *
   * @throws TypeError without a factory
   */
  static override forRootAsync(options: AsyncAuthOptions): DynamicModule {
    if (!isGiven(options) || !(options.useFactory || options.useClass || options.useExisting))
      throw new TypeError('AuthModule.forRootAsync needs one of useFactory, useClass and useExisting');
    return super.forRootAsync(options);
  }

  /** After the middleware of the application, and before its routes. */
  configure(): void {
    const { logout, host } = this;
    // A module that is request-scoped has no dependencies here; the start check says so.
    const metadata = (this.metadata as readonly Endpoint[] | undefined) ?? [];
    const endpoints = [...metadata, ...(logout === undefined ? [] : [logout.endpoint])];
    for (const endpoint of endpoints) serveEndpoint(host.httpAdapter, endpoint);
  }

  /** The last hook of a start: when another fails, Nest calls none that could give back what this one takes. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.isClosed) return;
    await Promise.all([this.keyRings.start(), this.revocations.start()]);
    this.enter();
    const server = this.host.httpAdapter?.getHttpServer() as
      (EventEmitter & { readonly listening: boolean }) | undefined;
    // When the port is taken, the start has failed after all; the application may try another one.
    server?.on?.(errorMonitor, () => server.listening || this.leave());
    server?.on?.('listening', () => this.enter());
  }

  /** Not earlier: while an application drains, its requests need the strategy and new keys. */
  onApplicationShutdown(): void {
    this.isClosed = true;
    this.leave();
    this.keyRings.close();
    this.revocations.close();
  }

  /** Becomes visible to the rest of the process, unless the application was closed while it started. */
  private enter(): void {
    if (this.isClosed || this.stopObserving !== undefined) return;
    const { keyRings, verifier, revocations } = this;
    this.strategy.register(this.host);
    this.stopObserving = observe({
      keySets: () =>
        keyRings.status().filter(({ issuer, state }) => keyRings.isListed(issuer) || state !== 'EMPTY'),
      cachedTokens: () => verifier.cachedTokens,
      revocations: () => revocations.size,
    });
  }

  private leave(): void {
    this.stopObserving?.();
    this.stopObserving = undefined;
    this.strategy.unregister();
  }
}

const isGiven = (options: unknown): boolean => typeof options === 'object' && options !== null;
