import {
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  AuthModule,
  JwtAuthGuard,
  RequireClaims,
  RequirePolicy,
  RequireScopes,
  type AccessPolicy,
  type AuthOptions,
  type PolicySubject,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS, listen, type GuardedApp } from '../../support/guarded-app.js';
import { refusalIn } from '../../support/refusal.js';

@Injectable()
class Orders {
  ownerOf(id: string): string {
    return `user-${id}`;
  }
}

interface Call {
  readonly subject: PolicySubject;
  readonly options: unknown;
}
let calls: Call[] = [];
let answer: (subject: PolicySubject) => unknown = () => true;

@Injectable()
class AnswerPolicy implements AccessPolicy<{ action: string } | undefined> {
  allows(
    subject: PolicySubject,
    _context: ExecutionContext,
    options: { action: string } | undefined,
  ): boolean {
    calls.push({ subject, options });
    return answer(subject) as boolean;
  }
}

@Injectable()
class OwnerPolicy implements AccessPolicy {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  allows({ claims }: PolicySubject, context: ExecutionContext): boolean {
    const { params } = context.switchToHttp().getRequest<{ params: { id: string } }>();
    return this.orders.ownerOf(params.id) === claims.sub;
  }
}

let instances = 0;

@Injectable({ scope: Scope.REQUEST })
class TenantPolicy implements AccessPolicy {
  constructor(@Inject(REQUEST) private readonly request: { headers: Record<string, string> }) {
    instances += 1;
  }

  async allows(): Promise<boolean> {
    return Promise.resolve(this.request.headers['x-tenant'] === 'acme');
  }
}

@UseGuards(JwtAuthGuard)
@RequireClaims({ blocked: (value) => value !== true })
@Controller()
class PolicyController {
  @RequirePolicy(AnswerPolicy, { action: 'edit' })
  @Get('answer')
  answer(): string {
    return 'answer';
  }

  @RequireScopes('a')
  @RequirePolicy(AnswerPolicy)
  @Get('scoped')
  scoped(): string {
    return 'scoped';
  }

  @RequirePolicy(OwnerPolicy)
  @Get('orders/:id')
  order(): string {
    return 'order';
  }

  @RequirePolicy(TenantPolicy)
  @Get('tenant')
  tenant(): string {
    return 'tenant';
  }
}

@RequirePolicy(AnswerPolicy, { action: 'class' })
@Controller('both')
class BothController {
  @RequirePolicy(AnswerPolicy, { action: 'method' })
  @Get()
  both(): string {
    return 'both';
  }
}

@Module({ providers: [Orders, AnswerPolicy, OwnerPolicy, TenantPolicy], exports: [] })
class PoliciesModule {}

describe.each(ADAPTERS)('policies on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  const start = (more: Partial<AuthOptions> = {}) => {
    @Module({
      imports: [
        AuthModule.forRoot({
          issuer: issuer.issuer,
          audience: issuer.audience,
          guardEveryRoute: true,
          ...more,
        }),
        PoliciesModule,
      ],
      controllers: [PolicyController, BothController],
    })
    class AppModule {}
    return listen(AppModule, { adapter });
  };
  beforeAll(async () => {
    issuer = await startTestIssuer();
    api = await start();
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });
  beforeEach(() => {
    calls = [];
    answer = () => true;
  });
  const get = async (path: string, claims: object = {}, headers: Record<string, string> = {}, app = api) =>
    refusalIn(await app.get(path, issuer.token(claims as never), headers));
  const FORBIDDEN = { status: 403, code: 'forbidden_by_policy', challenge: undefined };

  it('lets through for true alone', async () => {
    expect((await get('/answer')).status).toBe(200);
    answer = () => Promise.resolve(true);
    expect((await get('/answer')).status).toBe(200);
    for (const other of [false, undefined, null, 1, 'true', {}, Promise.resolve(false), Promise.resolve()]) {
      answer = () => other;
      expect(await get('/answer')).toEqual(FORBIDDEN);
    }
  });

  it('waits for a slow policy', async () => {
    answer = () => sleep(50, true);
    expect((await get('/answer')).status).toBe(200);
    answer = () => sleep(50, false);
    expect(await get('/answer')).toEqual(FORBIDDEN);
  });

  it('passes on what a policy throws, and never lets through', async () => {
    answer = () => {
      throw new HttpException('not here', 404);
    };
    expect((await get('/answer')).status).toBe(404);
    answer = () => Promise.reject(new HttpException('not here', 404));
    expect((await get('/answer')).status).toBe(404);
    answer = () => {
      throw new Error('database');
    };
    expect((await get('/answer')).status).toBe(500);
    answer = () => Promise.reject(new Error('database'));
    expect((await get('/answer')).status).toBe(500);
  });

  it('passes subject and options, once for each call of a handler however many guards stand on it', async () => {
    await get('/answer');
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      subject: {
        user: { sub: 'user-1' },
        claims: { sub: 'user-1' },
        issuer: issuer.issuer,
        transport: 'http',
      },
      options: { action: 'edit' },
    });
    await get('/answer');
    expect(calls).toHaveLength(2);
  });

  it('passes the user that validate returns', async () => {
    await using app = await start({ validate: ({ sub }) => ({ name: `${sub}!` }) });
    await get('/answer', {}, {}, app);
    expect(calls[0]?.subject.user).toEqual({ name: 'user-1!' });
  });

  it('is not run where grants or claims lack', async () => {
    expect((await get('/scoped')).code).toBe('insufficient_scope');
    expect((await get('/scoped', { scope: 'a', blocked: true })).code).toBe('insufficient_claims');
    expect((await refusalIn(await api.get('/scoped'))).code).toBe('missing_token');
    expect(calls).toEqual([]);
    expect((await get('/scoped', { scope: 'a' })).status).toBe(200);
    expect(calls).toMatchObject([{ options: undefined }]);
  });

  it('adds up policies of class and method', async () => {
    expect((await get('/both')).status).toBe(200);
    expect(calls.map(({ options }) => options)).toEqual([{ action: 'class' }, { action: 'method' }]);
    answer = () => calls.length < 2;
    calls = [];
    expect(await get('/both')).toEqual(FORBIDDEN);
  });

  it('has what Nest injects, and reads the request', async () => {
    expect((await get('/orders/1')).status).toBe(200);
    expect(await get('/orders/2')).toEqual(FORBIDDEN);
  });

  it('makes a request-scoped policy for each request', async () => {
    instances = 0;
    expect((await get('/tenant', {}, { 'x-tenant': 'acme' })).status).toBe(200);
    expect(await get('/tenant', {}, { 'x-tenant': 'other' })).toEqual(FORBIDDEN);
    expect(instances).toBe(2);
  });

  it('refuses a token that expires while a policy is waited for', async () => {
    answer = () => sleep(1_200, true);
    const token = issuer.token({}, { expiresInMs: 600 });
    await using strict = await start({ clockToleranceMs: 0 });
    expect((await refusalIn(await strict.get('/answer', token))).code).toBe('expired');
    expect((await get('/answer')).status).toBe(200);
  });
});
