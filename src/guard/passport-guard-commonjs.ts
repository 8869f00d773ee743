import type { ExecutionContext } from '@nestjs/common';
import { requireUnlessEsModule } from '../common/require-unless-es-module.js';
import type { PassportGuardClass } from './passport-guard.js';

interface PassportOfNest {
  AuthGuard(): PassportGuardClass;
}

/** A request to which Passport has added its methods. */
interface SessionRequest {
  logIn(user: unknown, options: object, done: (error: unknown) => void): void;
}

/**
 * `@nestjs/passport` 12 is an ES module, which fails where Jest runs CommonJS. Its options cannot be had there either, so
 * the base class has only what a guard can be without them.
 */
class StandIn {
  constructor(protected readonly options: { readonly property?: string } = {}) {}

  getRequest(context: ExecutionContext): unknown {
    return context.switchToHttp().getRequest<unknown>();
  }

  getAuthenticateOptions(): undefined {
    return undefined;
  }

  logIn(request: SessionRequest & Record<string, unknown>): Promise<void> {
    const user = request[this.options.property ?? 'user'];
    return new Promise((resolve, reject) => {
      request.logIn(user, this.options, (error) => (error ? reject(error as Error) : resolve()));
    });
  }
}

export const PassportGuard =
  requireUnlessEsModule<PassportOfNest>(() => require('@nestjs/passport'))?.AuthGuard() ??
  (StandIn as unknown as PassportGuardClass);
