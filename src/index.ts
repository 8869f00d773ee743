// Every public name, in reading order.
import './guard/request-user.js';

export { AuthModule } from './auth.module.js';
export type { AuthModuleExtras } from './auth.module-definition.js';
export type { AuthOptions, AuthOptionsFactory } from './auth.options.js';

export { JwtAuthGuard } from './guard/jwt-auth.guard.js';
export { OptionalAuth, Public } from './guard/routes/route.decorators.js';
export {
  RequireAnyScope,
  RequireAudience,
  RequireAuthentication,
  RequireClaims,
  RequireClient,
  RequireIssuer,
  RequirePermissions,
  RequirePolicy,
  RequireRoles,
  RequireScopes,
  RequireUser,
} from './guard/routes/requirement.decorators.js';
export type { AccessPolicy, PolicyClass, PolicySubject } from './requirements/access-policy.js';
export {
  equals,
  includes,
  oneOf,
  type ClaimMatcher,
  type ClaimPredicate,
  type ClaimTest,
  type RequiredRouteClaims,
} from './requirements/claim-rules.js';
export type { AuthenticationOptions } from './requirements/required-authentication.js';
export type { RequirementOptions } from './requirements/requirement.options.js';
export type { ResourceOptions } from './resource/resource.options.js';
export type { ScopeImplications } from './requirements/scope-hierarchy.js';
export type { SubjectKind, SubjectKindOf } from './requirements/subject-kind.js';
export { McpEndpoint } from './mcp/mcp-endpoint.decorator.js';
export type { McpEndpointOptions, ScopesByName } from './mcp/mcp-endpoint.options.js';
export type { McpAuthInfo } from './mcp/auth-info.js';
export { CurrentUser } from './guard/current-user.decorator.js';
export { guardConnections, type GuardConnectionsOptions } from './connections/guard-connections.js';
export type { ConnectionMode } from './connections/connections.js';
export { WebSocketAuth } from './connections/websocket-auth.js';
export { EndAtExpiry } from './streams/end-at-expiry.interceptor.js';
export { JwtStrategy } from './passport/jwt.strategy.js';
export { passportJwtSecret, type SecretOrKeyProvider } from './passport/passport-jwt-secret.js';
export type { PassportJwtSecretOptions } from './passport/passport-jwt-secret.options.js';
export { AuthException, type AuthProblem } from './guard/auth.exception.js';
export type { GrantClaims } from './requirements/grant-claims.js';
export type { GuardOptions, JwtFromRequest, ValidateContext } from './guard/guard.options.js';
export type {
  RpcOptions,
  TokenFrom,
  TransportOptions,
  TransportsOptions,
  WebSocketOptions,
} from './guard/transports/transport.options.js';

export { AccessTokenVerifier } from './token/access-token-verifier.js';
export type { AccessTokenClaims, JoseHeader, VerifiedToken } from './token/access-token.js';
export type { Acceptance } from './token/acceptance.js';
export type { DynamicIssuers } from './token/issuers/dynamic-issuers.js';
export {
  absent,
  present,
  type ClaimRequirement,
  type ClaimValue,
  type IssuerFor,
  type IssuerOptions,
  type RequiredClaims,
  type TokenOptions,
} from './token/token.options.js';

export { Revocations } from './revocation/revocations.js';
export type { Revocation } from './revocation/revocation.js';
export type { BackChannelLogoutOptions, Logout } from './logout/logout.options.js';
export type { RevocationOptions } from './revocation/revocation.options.js';

export {
  JwksHealthIndicator,
  type IssuerHealth,
  type JwksHealth,
  type JwksHealthOptions,
  type JwksHealthStatus,
} from './health/jwks.health-indicator.js';
export { KeyRings } from './keys/key-rings.js';
export type { KeyRing, KeyRingStatus } from './keys/key-ring.js';
export type { KeyRingState } from './keys/freshness.js';
export type { KeyOptions } from './keys/key.options.js';
export type { KeyStore } from './keys/store/key-store.js';

export { AUTH_ERROR_CODES, AuthError, type AuthErrorCode } from './common/auth.error.js';
export { ATTRIBUTES, METRICS, SCOPE_NAME, SPANS } from './telemetry/names.js';
