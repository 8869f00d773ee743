import { Controller, Get, Inject, Module, UseGuards } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { AuthModule, JwksHealthIndicator, JwtAuthGuard, KeyRings, type KeyOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS, listen, type GuardedApp } from '../support/guarded-app.js';

/** Health endpoints as an application writes them. */
@Controller()
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(JwksHealthIndicator) private readonly jwks: JwksHealthIndicator,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.jwks.isReady('jwks')]);
  }

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([]);
  }

  @UseGuards(JwtAuthGuard)
  @Get('me')
  me() {
    return 'me';
  }
}

interface HealthBody {
  readonly status: string;
  readonly details: { readonly jwks: { readonly status: string; readonly secondsLeft: number } };
}

describe.each(ADAPTERS)('the health indicator under Terminus on %s', (adapter) => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startTestIssuer();
  });
  afterEach(() => issuer.close());

  const start = (keys: KeyOptions): Promise<GuardedApp> => {
    const options = {
      issuer: issuer.issuer,
      audience: issuer.audience,
      keys,
      verifiedTokens: false,
    } as const;
    @Module({
      imports: [TerminusModule.forRoot({ logger: false }), AuthModule.forRoot(options)],
      controllers: [HealthController],
    })
    class AppModule {}
    return listen(AppModule, { adapter });
  };
  const get = async (api: GuardedApp, path: string) => {
    const response = await api.get(path);
    return { status: response.status, body: (await response.json()) as HealthBody };
  };
  const reaches = (api: GuardedApp, state: string) =>
    vi.waitFor(() => expect(api.app.get(KeyRings).status()[0]?.state).toBe(state), { interval: 5 });

  it('is up with 200 while the keys are fresh', async () => {
    await using api = await start({ maxAgeMs: 60_000, staleIfErrorMs: 3_600_000 });
    const { status, body } = await get(api, '/ready');
    expect([status, body.status, body.details.jwks.status]).toEqual([200, 'ok', 'up']);
    expect(body.details.jwks.secondsLeft).toBeGreaterThan(3_600);
  });

  it('is degraded with 200 and the seconds left, while the issuer is down and its keys are stale', async () => {
    await using api = await start({ maxAgeMs: 50, staleIfErrorMs: 3_600_000 });
    issuer.fault({ status: 500 }, { on: 'all' });
    await reaches(api, 'STALE');
    const { status, body } = await get(api, '/ready');
    expect([status, body.status, body.details.jwks.status]).toEqual([200, 'degraded', 'degraded']);
    expect(body.details.jwks.secondsLeft).toBeGreaterThan(3_500);
    expect(body.details.jwks.secondsLeft).toBeLessThanOrEqual(3_600);
    expect((await api.get('/me', issuer.token())).status).toBe(200);
  });

  it('reports degraded keys as up where the health check has no such status', async () => {
    await using api = await start({ maxAgeMs: 50, staleIfErrorMs: 3_600_000 });
    issuer.fault({ status: 500 }, { on: 'all' });
    await reaches(api, 'STALE');
    const indicator = api.app.get(JwksHealthIndicator);
    const { jwks } = indicator.isReady('jwks', { degradedAs: 'up' });
    expect([jwks.status, jwks.issuers[issuer.issuer]?.status]).toEqual(['up', 'degraded']);
    expect(indicator.isReady('jwks', { degradedAs: 'degraded' }).jwks.status).toBe('degraded');
    expect(() => indicator.isReady('jwks', { degradedAs: 'down' as 'up' })).toThrow(
      new TypeError("nestjs-jwks-auth: option \"degradedAs\" must be 'degraded' or 'up'"),
    );
  });

  it('is down with 503 when the keys have expired, while liveness is 200', async () => {
    await using api = await start({ maxAgeMs: 50, staleIfErrorMs: 0 });
    issuer.fault({ status: 500 }, { on: 'all' });
    await reaches(api, 'EXPIRED');
    const { status, body } = await get(api, '/ready');
    expect([status, body.details.jwks]).toMatchObject([503, { status: 'down', secondsLeft: 0 }]);
    expect((await api.get('/me', issuer.token())).status).toBe(503);
    expect((await api.get('/live')).status).toBe(200);
  });

  it('is down with 503 before the first keys are in memory, and up afterwards', async () => {
    issuer.fault('reset', { on: 'all' });
    await using api = await start({ bootstrap: 'background' });
    expect((await get(api, '/ready')).status).toBe(503);
    issuer.fault(undefined, { on: 'all' });
    await vi.waitFor(async () => expect((await get(api, '/ready')).status).toBe(200), { timeout: 10_000 });
  });

  it('reports failures by their kind alone', async () => {
    await using api = await start({ maxAgeMs: 50, staleIfErrorMs: 0 });
    issuer.fault({ status: 500 }, { on: 'all' });
    await reaches(api, 'EXPIRED');
    const jwks = {
      status: 'down',
      secondsLeft: 0,
      issuers: { [issuer.issuer]: { status: 'down', secondsLeft: 0, lastError: 'http_status' } },
    };
    // The keys may expire before the first fetch has failed.
    await expect.poll(async () => (await get(api, '/ready')).body.details).toEqual({ jwks });
  });
});

it('depends on a choice of the issuers, and reports all', async () => {
  await using good = await startTestIssuer();
  await using bad = await startTestIssuer();
  bad.fault('reset', { on: 'all' });
  const issuers = [good, bad].map(({ issuer, audience }) => ({ issuer, audience }));
  @Module({ imports: [AuthModule.forRoot({ issuers, keys: { bootstrap: 'background' } })] })
  class AppModule {}
  await using api = await listen(AppModule);
  const jwks = api.app.get(JwksHealthIndicator);
  await vi.waitFor(() =>
    expect(jwks.isReady('jwks', { issuers: [good.issuer] }).jwks).toMatchObject({
      status: 'up',
      issuers: { [good.issuer]: { status: 'up' }, [bad.issuer]: { status: 'down' } },
    }),
  );
  expect(jwks.isReady().jwks.status).toBe('down');
  expect(() => jwks.isReady('jwks', { issuers: ['https://typo.example'] })).toThrow(
    new TypeError('nestjs-jwks-auth: option "issuers" names https://typo.example, which is not configured'),
  );
});
