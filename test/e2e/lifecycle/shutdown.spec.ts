import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { AuthModule, JwtAuthGuard } from 'nestjs-jwks-auth';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { describe, expect, it } from 'vitest';
import { ADAPTERS, listen } from '../../support/guarded-app.js';
import { registeredNames } from '../../support/passport-registry.js';

@Controller()
class DrainedController {
  @UseGuards(AuthGuard('jwt'))
  @Get('jwt')
  jwt(): string {
    return 'jwt';
  }

  @UseGuards(JwtAuthGuard)
  @Get('me')
  me(): string {
    return 'me';
  }
}

/** Lets an application drain, as Terminus does with `gracefulShutdownTimeoutMs`. */
@Injectable()
class Drain implements BeforeApplicationShutdown {
  readonly begun = Promise.withResolvers<void>();
  readonly over = Promise.withResolvers<void>();

  beforeApplicationShutdown(): Promise<void> {
    this.begun.resolve();
    return this.over.promise;
  }
}

describe.each(ADAPTERS)('an application that drains on %s', (adapter) => {
  it('still verifies tokens and loads new keys, until its server has closed', async () => {
    await using issuer = await startTestIssuer();
    const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience });
    @Module({ imports: [auth], controllers: [DrainedController], providers: [Drain] })
    class AppModule {}
    const { app, get } = await listen(AppModule, { adapter });
    const drain = app.get(Drain);
    const closed = app.close();
    await drain.begun.promise;
    for (const path of ['/jwt', '/me']) {
      expect((await get(path, issuer.token())).status).toBe(200);
      expect((await get(path, issuer.token({ exp: 1 }))).status).toBe(401);
      await issuer.rotate();
      expect((await get(path, issuer.token())).status).toBe(200);
    }
    drain.over.resolve();
    await closed;
    expect(registeredNames()).toEqual([]);
    const fetches = issuer.requests.jwks;
    await expect(get('/jwt', issuer.token())).rejects.toThrow('fetch failed');
    expect(issuer.requests.jwks).toBe(fetches);
  });
});
