import {
  Controller,
  Get,
  Module,
  Post,
  UseGuards,
  type INestApplication,
  type LoggerService,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AuthModule, CurrentUser, JwtAuthGuard, OptionalAuth, RequireScopes } from 'nestjs-jwks-auth';
import type { AuthModuleExtras, AuthOptions } from 'nestjs-jwks-auth';

export const ADAPTERS = ['express', 'fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** The routes that most tests need. */
@Controller()
export class SampleController {
  /** How often a handler was called. */
  static calls = 0;

  @Get('open')
  open(): string {
    return 'open';
  }

  @UseGuards(JwtAuthGuard)
  @Get('me')
  me(@CurrentUser() user: unknown): unknown {
    SampleController.calls += 1;
    return user;
  }

  @UseGuards(JwtAuthGuard)
  @Post('me')
  postMe(@CurrentUser('sub') sub: string): unknown {
    SampleController.calls += 1;
    return { sub };
  }

  @RequireScopes('read:orders', 'list:orders')
  @Get('scoped')
  scoped(): string {
    SampleController.calls += 1;
    return 'scoped';
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() user: unknown): unknown {
    return { user: user ?? null };
  }
}

export interface GuardedApp extends AsyncDisposable {
  readonly app: INestApplication;
  readonly url: string;
  /** Requests a path with a bearer token, or with none. */
  get(path: string, token?: string, headers?: Record<string, string>): Promise<Response>;
}

export interface GuardedAppOptions {
  readonly adapter?: Adapter;
  readonly controllers?: Type[];
  readonly logger?: LoggerService | false;
  /** @default a free one */
  readonly port?: number;
}

/** Starts an application with an AuthModule of these options, on a free port. */
export async function startGuardedApp(
  options: AuthOptions & AuthModuleExtras,
  { adapter = 'express', controllers = [SampleController], logger = false, port = 0 }: GuardedAppOptions = {},
): Promise<GuardedApp> {
  @Module({ imports: [AuthModule.forRoot(options)], controllers })
  class SampleModule {}
  return listen(SampleModule, { adapter, logger, port });
}

/** Starts an application of this module on a free port. */
export async function listen(
  module: Type,
  { adapter = 'express', logger = false, port = 0 }: GuardedAppOptions = {},
): Promise<GuardedApp> {
  const nestOptions = { logger, abortOnError: false };
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(module, new FastifyAdapter(), nestOptions)
      : await NestFactory.create(module, nestOptions);
  await app.listen(port, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    url,
    get: (path, token, headers = {}) =>
      fetch(url + path, {
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      }),
    [Symbol.asyncDispose]: () => app.close(),
  };
}
