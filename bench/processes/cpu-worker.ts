import type { CanActivate } from '@nestjs/common';
import type { AuthOptions } from 'nestjs-jwks-auth';
import { createPublicKey, verify } from 'node:crypto';
import { CONTENDERS, type ContenderName } from '../contenders/contenders.js';
import type { IssuerFacts } from '../contenders/contender.js';
import { ownGuarding } from '../contenders/own.js';
import { checkBy, costOf } from './cost.js';
import { guardOf } from './guard-application.js';
import { profileOf, type Profile } from './profile.js';
import { receive } from './messages.js';

/** The messages that this process handles. */
export type CpuMessages = typeof handlers;

/** A signed text, in base64: the signature in the form that `crypto.verify` is fastest with. */
export interface SignedText {
  readonly text: string;
  readonly signature: string;
}

let guard: CanActivate | undefined;

const handlers = {
  /** Sets a contender up. */
  start: async ({ name, issuer }: { name: ContenderName; issuer: IssuerFacts }): Promise<void> => {
    guard = await guardOf(CONTENDERS[name].create(issuer));
  },

  /** Sets this library up, with these options. */
  startOwn: async (options: AuthOptions): Promise<void> => {
    guard = await guardOf(ownGuarding(options));
  },

  /** Checks a request with each of these tokens; microseconds of CPU for each. */
  check: ({ tokens, limitMs }: { tokens: readonly string[]; limitMs?: number }): Promise<number> => {
    const started = guard;
    if (started === undefined) throw new Error('not started');
    return costOf(tokens, (token) => checkBy(started, token), limitMs);
  },

  /** Where the time of checking a request with each of these tokens goes. */
  profile: ({ tokens }: { tokens: readonly string[] }): Promise<Profile> =>
    profileOf(() => handlers.check({ tokens })),

  /** Checks one signature this many times, everything else prepared; microseconds of CPU for each. */
  verifyAlone: ({ issuer, signed, times }: VerifyAlone): Promise<number> => {
    const key = createPublicKey({ key: issuer.publicJwk, format: 'jwk' });
    const hash = issuer.algorithm === 'EdDSA' ? null : 'sha256';
    const text = Buffer.from(signed.text, 'base64');
    const signature = Buffer.from(signed.signature, 'base64');
    return costOf(
      Array.from({ length: times }, () => ''),
      () => () => verify(hash, text, key, signature),
    );
  },
};

interface VerifyAlone {
  readonly issuer: IssuerFacts;
  readonly signed: SignedText;
  readonly times: number;
}

receive(handlers);
