import { startTestIssuer, type TestIssuer, type TestIssuerOptions } from 'nestjs-jwks-auth/testing';
import type { AuthOptions } from 'nestjs-jwks-auth';
import { startGuardedApp, type Adapter, type GuardedApp } from './guarded-app.js';

/** A test issuer and, once it is started, an application that accepts its tokens. */
export class GuardedScene implements AsyncDisposable {
  private started: GuardedApp | undefined;

  private constructor(
    readonly issuer: TestIssuer,
    private readonly adapter: Adapter,
  ) {}

  static async create(adapter: Adapter = 'express', options: TestIssuerOptions = {}): Promise<GuardedScene> {
    return new GuardedScene(await startTestIssuer(options), adapter);
  }

  /** Starts the application, with more options than issuer and audience. */
  async start(options: Partial<AuthOptions> = {}): Promise<void> {
    const { issuer, audience } = this.issuer;
    this.started = await startGuardedApp({ issuer, audience, ...options }, { adapter: this.adapter });
  }

  get api(): GuardedApp {
    if (this.started === undefined) throw new Error('the application was not started');
    return this.started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.started?.app.close();
    await this.issuer.close();
  }
}
