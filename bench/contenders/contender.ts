import type { CanActivate, DynamicModule, Type } from '@nestjs/common';
import type { PublicJwk, TestIssuer } from 'nestjs-jwks-auth/testing';

/** The signature algorithms that are measured. */
export const MEASURED_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type MeasuredAlgorithm = (typeof MEASURED_ALGORITHMS)[number];

/** The HTTP adapters of Nest. */
export const PLATFORMS = ['fastify', 'express'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** Whether this process has verified the token before. */
export type Familiarity = 'never seen' | 'seen before';

/** What a contender gets about the issuer; plain JSON, since contenders live in processes of their own. */
export interface IssuerFacts {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly algorithm: MeasuredAlgorithm;
  readonly publicJwk: PublicJwk;
}

/** A Nest guard, and the modules that it needs. */
export interface Guarding {
  readonly guard: CanActivate | Type<CanActivate>;
  readonly imports?: readonly DynamicModule[];
}

/** One way to guard a route. */
export interface Contender {
  readonly title: string;
  /** The packages whose versions belong to the result. */
  readonly packages: readonly string[];
  /** @default all of them */
  readonly algorithms?: readonly MeasuredAlgorithm[];
  /** @default all of them */
  readonly platforms?: readonly Platform[];
  /** Which tokens make a difference to it. */
  readonly familiarities: readonly Familiarity[];
  readonly create: (issuer: IssuerFacts) => Guarding;
}

/** What the processes of the contenders get about this issuer. */
export function factsOf({ issuer, audience, jwksUri, keys }: TestIssuer): IssuerFacts {
  const [key] = keys;
  if (key === undefined) throw new Error('the issuer has no key');
  const algorithm = key.algorithm as MeasuredAlgorithm;
  return { issuer, audience, jwksUri, algorithm, publicJwk: key.publicJwk };
}
