import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';

// oxlint-disable typescript/no-explicit-any -- as in @nestjs/passport, for guards that override these methods

/** The guard of `@nestjs/passport` as its types have it; they need those of Passport and Express, which these do not. */
interface PassportGuardMembers extends CanActivate {
  logIn<TRequest = any>(request: TRequest): Promise<void>;
  handleRequest<TUser = any>(
    error: any,
    user: any,
    info: any,
    context: ExecutionContext,
    status?: any,
  ): TUser;
  getAuthenticateOptions(
    context: ExecutionContext,
  ): Promise<AuthenticateOptions> | AuthenticateOptions | undefined;
  getRequest(context: ExecutionContext): any;
}

/** What `getAuthenticateOptions` may return; `property` is where the user goes, by default `user`. */
interface AuthenticateOptions {
  property?: string;
  [option: string]: any;
}

export type PassportGuardClass = new (options?: object) => PassportGuardMembers;

/** The class that a guard is. In the CommonJS build, `passport-guard-commonjs.ts` stands for this file. */
export const PassportGuard = AuthGuard() as unknown as PassportGuardClass;
