import { awsJwtVerify } from './aws-jwt-verify.js';
import { signature, signatureOnThreads, yes } from './baselines.js';
import {
  PLATFORMS,
  MEASURED_ALGORITHMS,
  type Contender,
  type Familiarity,
  type MeasuredAlgorithm,
  type Platform,
} from './contender.js';
import { expressOauth2JwtBearer } from './express-oauth2-jwt-bearer.js';
import { fastJwt, fastJwtWithCache } from './fast-jwt.js';
import { jose } from './jose.js';
import { own, ownInThreadPool } from './own.js';
import { usualRecipe, usualRecipeWithKeyObject } from './passport-jwt.js';

/** All contenders, by the name that their processes are started with. */
export const CONTENDERS = {
  yes,
  signature,
  signatureOnThreads,
  own,
  ownInThreadPool,
  usualRecipe,
  usualRecipeWithKeyObject,
  jose,
  fastJwt,
  fastJwtWithCache,
  awsJwtVerify,
  expressOauth2JwtBearer,
} as const satisfies Record<string, Contender>;

export type ContenderName = keyof typeof CONTENDERS;

/** The other projects. */
export const PEERS = [
  'usualRecipe',
  'usualRecipeWithKeyObject',
  'jose',
  'fastJwt',
  'fastJwtWithCache',
  'awsJwtVerify',
  'expressOauth2JwtBearer',
] as const satisfies readonly ContenderName[];

/** A contender with tokens of one kind: one row of a table. */
export interface Entry {
  readonly name: ContenderName;
  readonly familiarity: Familiarity;
}

/** Those of the contenders that can take part, once for each kind of token that makes a difference to them. */
export function entriesOf(
  names: readonly ContenderName[],
  algorithm: MeasuredAlgorithm,
  platform?: Platform,
): readonly Entry[] {
  return names.flatMap((name) => {
    const {
      algorithms = MEASURED_ALGORITHMS,
      platforms = PLATFORMS,
      familiarities,
    }: Contender = CONTENDERS[name];
    const takesPart =
      algorithms.includes(algorithm) && (platform === undefined || platforms.includes(platform));
    return takesPart ? familiarities.map((familiarity) => ({ name, familiarity })) : [];
  });
}
