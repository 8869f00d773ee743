import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { createPublicKey, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import { tokenIn } from '../processes/guarded-request.js';
import type { Contender, IssuerFacts } from './contender.js';

/** A guard that accepts everything: what any guard costs. */
export const yes: Contender = {
  title: 'a guard that only says yes',
  packages: [],
  familiarities: ['seen before'],
  create: () => ({ guard: { canActivate: () => true } }),
};

/** A guard that checks the signature and nothing else, on the thread that serves requests. */
export const signature: Contender = {
  title: 'a guard that only calls `crypto.verify`',
  packages: [],
  familiarities: ['never seen'],
  create: (issuer) => ({ guard: new SignatureGuard(issuer) }),
};

/** The same on the threads of libuv. */
export const signatureOnThreads: Contender = {
  title: 'a guard that only calls `crypto.verify` with a callback',
  packages: [],
  familiarities: ['never seen'],
  create: (issuer) => ({ guard: new ThreadedSignatureGuard(issuer) }),
};

type Check = readonly [
  hash: string | null,
  signingInput: Buffer,
  key: KeyObject | VerifyKeyObjectInput,
  signature: Buffer,
];

class SignatureGuard implements CanActivate {
  private readonly hash: string | null;
  private readonly key: KeyObject | VerifyKeyObjectInput;

  constructor({ algorithm, publicJwk }: IssuerFacts) {
    const key = createPublicKey({ key: publicJwk, format: 'jwk' });
    this.hash = algorithm === 'EdDSA' ? null : 'sha256';
    this.key = algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key;
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return verify(...this.checkOf(context));
  }

  protected checkOf(context: ExecutionContext): Check {
    const token = tokenIn(context);
    const end = token.lastIndexOf('.');
    const signingInput = Buffer.from(token.slice(0, end), 'latin1');
    return [this.hash, signingInput, this.key, Buffer.from(token.slice(end + 1), 'base64url')];
  }
}

class ThreadedSignatureGuard extends SignatureGuard {
  override canActivate(context: ExecutionContext): Promise<boolean> {
    return new Promise((resolve, reject) => {
      verify(...this.checkOf(context), (error, isValid) => (error ? reject(error) : resolve(isValid)));
    });
  }
}
