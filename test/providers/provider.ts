import type { AuthErrorCode } from 'nestjs-jwks-auth';
import type { PublicJwk, TestAlgorithm } from 'nestjs-jwks-auth/testing';

/** A token as a provider issues it. `iat` and `exp` are added to the claims. */
export interface ProviderToken {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A token that the recipe refuses, and the code of the refusal. */
export interface RefusedToken extends ProviderToken {
  readonly code: AuthErrorCode;
}

/** What a provider publishes and issues, for the recipe under a heading of a document. */
export interface Provider {
  readonly document: string;
  readonly heading: string;
  /** What the provider signs with. @default 'RS256' */
  readonly algorithm?: TestAlgorithm;
  /** The metadata, by its URL. */
  readonly metadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Where the JWK Set is. */
  readonly jwksUri: string;
  /** The members of its keys, where they differ from `kid`, `alg`, `use` and the material. */
  readonly jwk?: (jwk: PublicJwk) => Readonly<Record<string, unknown>>;
  /** Keys beside the signing key. */
  readonly otherKeys?: readonly Readonly<Record<string, unknown>>[];
  /** The request header of the token. @default a bearer token in `Authorization` */
  readonly tokenHeader?: string;
  /** What the accepted tokens grant, as the route requires it. */
  readonly grants?: {
    readonly scopes?: readonly string[];
    readonly permissions?: readonly string[];
    readonly roles?: readonly string[];
  };
  readonly accepted: Readonly<Record<string, ProviderToken>>;
  readonly refused: Readonly<Record<string, RefusedToken>>;
  /** Files that the recipe reads, by their path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The metadata of a provider with OpenID Connect Discovery, at the address that its issuer determines. */
export const discovery = (issuer: string, jwksUri: string): NonNullable<Provider['metadata']> => ({
  [`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`]: { issuer, jwks_uri: jwksUri },
});

/** The key without this member. */
export const without =
  (member: string) =>
  (jwk: PublicJwk): Record<string, unknown> =>
    Object.fromEntries(Object.entries(jwk).filter(([name]) => name !== member));
