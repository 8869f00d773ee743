import {
  Controller,
  Delete,
  Get,
  Module,
  Post,
  UseGuards,
  VersioningType,
  type INestApplication,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';
import {
  AuthModule,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
  type AuthModuleExtras,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { describeSecurity, type DescribeSecurityOptions } from 'nestjs-jwks-auth/openapi';
import type { Adapter } from '../support/guarded-app.js';

/** Nothing is fetched: a document is made before the application starts. */
export const ISSUER = 'https://tenant.example.com/';
export const OPTIONS: AuthOptions = { issuer: ISSUER, audience: 'https://api.example.com' };

/** A route without the guard, and each kind of decorator on methods. */
@Controller('methods')
export class MethodsController {
  @Get('open')
  open(): void {}

  @UseGuards(JwtAuthGuard)
  @Get('guarded')
  guarded(): void {}

  @Public()
  @Get('public')
  public(): void {}

  @OptionalAuth()
  @Get('optional')
  optional(): void {}

  @RequireScopes('read:orders', 'list:orders')
  @Get('scoped/:id')
  scoped(): void {}

  @RequireRoles('admin', 'support')
  @RequirePermissions('orders.delete')
  @Delete('scoped/:id')
  remove(): void {}
}

/** Each kind of method under a class that requires something. */
@RequireScopes('read:stock')
@RequireRoles('clerk')
@Controller('classes')
export class ClassController {
  @Get('inherited')
  inherited(): void {}

  @RequireScopes('write:stock')
  @RequireRoles('admin', 'support')
  @Post('added')
  added(): void {}
}

@Public()
@Controller('opened')
export class PublicController {
  @Get('inherited')
  inherited(): void {}

  @RequireScopes('write:stock')
  @Get('closed')
  closed(): void {}
}

@UseGuards(JwtAuthGuard)
@Controller('guarded')
export class GuardedController {
  @Get('inherited')
  inherited(): void {}

  @Public()
  @Get('public')
  public(): void {}

  @OptionalAuth()
  @Get('optional')
  optional(): void {}
}

export const CONTROLLERS: readonly Type[] = [
  MethodsController,
  ClassController,
  PublicController,
  GuardedController,
];

export interface DocumentedAppOptions {
  readonly auth?: AuthOptions & AuthModuleExtras;
  readonly adapter?: Adapter;
  readonly controllers?: readonly Type[];
  readonly imports?: readonly Type[];
  readonly openapi?: string;
  readonly nest?: NestApplicationOptions;
  /** Runs before the document is made. */
  readonly prepare?: (app: INestApplication) => void;
  readonly builder?: (builder: DocumentBuilder) => DocumentBuilder;
  readonly swagger?: Parameters<typeof SwaggerModule.createDocument>[2];
  readonly describe?: DescribeSecurityOptions;
}

interface Response {
  readonly description: string;
  readonly headers?: Record<string, unknown>;
  readonly content?: Record<string, { schema: unknown }>;
}

/** What the tests read of an operation. */
export interface DescribedOperation {
  readonly operationId: string;
  readonly description?: string;
  readonly security?: unknown;
  readonly responses: Record<string, Response>;
  readonly [extension: `x-${string}`]: unknown;
}

export class Described {
  constructor(readonly document: OpenAPIObject) {}

  /** An operation, such as `get /orders/{id}`. */
  operation(key: string): DescribedOperation {
    const [method = '', path = ''] = key.split(' ');
    const operation = (this.document.paths[path] as Record<string, unknown> | undefined)?.[method];
    if (operation === undefined)
      throw new Error(`${key} is none of ${Object.keys(this.document.paths).join(', ')}`);
    return operation as DescribedOperation;
  }

  security(key: string): unknown {
    return this.operation(key).security;
  }

  get schemes(): unknown {
    return this.document.components?.securitySchemes;
  }
}

/** The document of an application, described. */
export async function describeApp(options: DocumentedAppOptions = {}): Promise<Described> {
  const { auth = OPTIONS, adapter = 'express', controllers = CONTROLLERS, imports = [] } = options;

  @Module({ imports: [AuthModule.forRoot(auth), ...imports], controllers: [...controllers] })
  class DocumentedModule {}

  const nest = { logger: false as const, abortOnError: false, ...options.nest };
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(DocumentedModule, new FastifyAdapter(), nest)
      : await NestFactory.create(DocumentedModule, nest);
  try {
    options.prepare?.(app);
    const builder = new DocumentBuilder().setTitle('Orders').setVersion('1');
    if (options.openapi !== undefined) builder.setOpenAPIVersion(options.openapi as '3.1.0');
    const config = (options.builder?.(builder) ?? builder).build();
    const document = SwaggerModule.createDocument(app, config, options.swagger);
    return new Described(describeSecurity(app, document, options.describe));
  } finally {
    await app.close();
  }
}

/** What is wrong with a document, by the schema of its version; undefined where it is valid. */
export async function problemsWith(document: OpenAPIObject): Promise<unknown> {
  const plain = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  const { valid, errors } = await new Validator().validate(plain);
  return valid ? undefined : errors;
}

/** Versions in the path, and the prefix `api`. */
export function prefixAndVersions(app: INestApplication): void {
  app.setGlobalPrefix('api', { exclude: ['plain'] });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
}
