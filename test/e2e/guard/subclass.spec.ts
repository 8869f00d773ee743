import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  SetMetadata,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { AuthModule, CurrentUser, JwtAuthGuard, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, listen, startGuardedApp } from '../../support/guarded-app.js';

interface Shared {
  headers: Record<string, string | undefined>;
  user?: unknown;
}

/** One object for all requests. */
const shared: Shared = { headers: {} };

@Injectable()
class SharedRequestGuard extends JwtAuthGuard {
  override getRequest(context: ExecutionContext): Shared {
    const { headers } = context.switchToHttp().getRequest<Shared>();
    return Object.assign(shared, { headers });
  }
}

/** The same, in place: even the headers stay one object. */
@Injectable()
class InPlaceGuard extends JwtAuthGuard {
  override getRequest(context: ExecutionContext): Shared {
    const { authorization } = context.switchToHttp().getRequest<Shared>().headers;
    Object.assign(shared.headers, { authorization });
    return shared;
  }
}

/** AuthGuard('jwt') hands the same object to Passport. */
@Injectable()
class InPlacePassportGuard extends AuthGuard('jwt') {
  override getRequest(context: ExecutionContext): Shared {
    return InPlaceGuard.prototype.getRequest(context);
  }
}

/** A second token of the same request. */
@Injectable()
class ServiceGuard extends JwtAuthGuard {
  override getRequest(context: ExecutionContext): object {
    const { headers } = context.switchToHttp().getRequest<Shared>();
    return { headers: { authorization: headers['x-service'] } };
  }
}

@Injectable()
class OwnConstructorGuard extends JwtAuthGuard {
  constructor(@Inject(Reflector) readonly reflector: Reflector) {
    super();
  }

  override handleRequest<TUser>(error: unknown, user: unknown, ...rest: [unknown, ExecutionContext]): TUser {
    const own = this.reflector.get<string>('own', rest[1].getHandler());
    return { ...super.handleRequest<object>(error, user, ...rest), own } as TUser;
  }
}

@Controller()
class SubclassController {
  @UseGuards(SharedRequestGuard)
  @Get('shared')
  shared(): string {
    return 'shared';
  }

  @UseGuards(InPlaceGuard)
  @Get('in-place')
  inPlace(): string {
    return 'in place';
  }

  @UseGuards(InPlacePassportGuard)
  @Get('passport')
  passport(): string {
    return 'passport';
  }

  @UseGuards(JwtAuthGuard, ServiceGuard)
  @Get('both')
  both(): string {
    return 'both';
  }

  @UseGuards(JwtAuthGuard, SharedRequestGuard, JwtAuthGuard)
  @Get('again')
  again(): string {
    return 'again';
  }

  @SetMetadata('own', 'read by the reflector')
  @UseGuards(OwnConstructorGuard)
  @Get('own')
  own(@CurrentUser('own') own: string): string {
    return own;
  }
}

describe.each(ADAPTERS)('a subclass of the guard on %s', (adapter) => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
  });
  afterAll(() => issuer.close());
  const start = (given: Partial<AuthOptions> = {}) =>
    startGuardedApp(
      { issuer: issuer.issuer, audience: issuer.audience, ...given },
      { adapter, controllers: [SubclassController] },
    );
  const fromHeader = ({ headers }: Shared) => headers['authorization']?.split(' ')[1] ?? null;

  const WAYS: [string, Partial<AuthOptions>][] = [
    ['the Authorization header', {}],
    ['jwtFromRequest', { jwtFromRequest: fromHeader as never }],
  ];
  describe.each(WAYS)('with the token from %s', (_, options) => {
    it.each(['/shared', '/in-place', '/passport'])(
      'that returns one object for all requests lets nobody in by the token of another (%s)',
      async (path) => {
        await using api = await start(options);
        expect((await api.get(path, issuer.token())).status).toBe(200);
        expect((await api.get(path)).status).toBe(401);
        expect((await api.get(path, issuer.token({ exp: 1 }))).status).toBe(401);
        expect((await api.get(path, issuer.token())).status).toBe(200);
      },
    );

    it('that reads another token of the request has that one verified', async () => {
      await using api = await start(options);
      const service = (token: string) => ({ 'x-service': `Bearer ${token}` });
      expect((await api.get('/both', issuer.token(), service(issuer.token()))).status).toBe(200);
      expect((await api.get('/both', issuer.token(), service(issuer.token({ exp: 1 })))).status).toBe(401);
      expect((await api.get('/both', issuer.token())).status).toBe(401);
      expect((await api.get('/both', undefined, service(issuer.token()))).status).toBe(401);
    });

    it('has the same token of a shared object verified for each request', async () => {
      const revoked = new Set<unknown>();
      await using api = await start({ ...options, isRevoked: ({ jti }) => revoked.has(jti) });
      for (const path of ['/in-place', '/passport', '/again']) {
        const token = issuer.token({ jti: path });
        expect((await api.get(path, token)).status).toBe(200);
        revoked.add(path);
        expect((await api.get(path, token)).status).toBe(401);
      }
    });
  });

  it('that has a constructor of its own works', async () => {
    await using api = await start();
    expect((await api.get('/own')).status).toBe(401);
    const accepted = await api.get('/own', issuer.token());
    expect([accepted.status, await accepted.text()]).toEqual([200, 'read by the reflector']);
  });

  it('works in a module that does not import AuthModule', async () => {
    @Module({ controllers: [SubclassController] })
    class FeatureModule {}
    @Module({
      imports: [FeatureModule, AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
    })
    class AppModule {}
    await using api = await listen(AppModule, { adapter });
    expect((await api.get('/own')).status).toBe(401);
    expect((await api.get('/own', issuer.token())).status).toBe(200);
  });
});
