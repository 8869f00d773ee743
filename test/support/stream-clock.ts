import { Module, type Provider, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { AuthModule, type AuthModuleExtras, type AuthOptions } from 'nestjs-jwks-auth';
import { Authenticator } from '../../src/guard/authenticator.js';
import { GUARD_OPTIONS, type ResolvedGuardOptions } from '../../src/guard/guard.options.js';
import { StreamEnd } from '../../src/streams/stream-end.js';
import type { ManualClock } from './manual-clock.js';

export interface StreamModule {
  readonly controllers?: Type[];
  readonly providers?: Provider[];
  readonly imports?: object[];
}

/** A module with an AuthModule of these options, whose streams end by this clock. */
export async function moduleByClock(
  clock: ManualClock,
  options: AuthOptions & AuthModuleExtras,
  { imports = [], controllers = [], providers = [] }: StreamModule,
): Promise<TestingModule> {
  @Module({ imports: [AuthModule.forRoot(options), ...(imports as Type[])], controllers, providers })
  class AppModule {}
  return Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(StreamEnd)
    .useFactory({
      inject: [Authenticator, GUARD_OPTIONS],
      factory: (authenticator: Authenticator, guard: ResolvedGuardOptions) =>
        new StreamEnd(authenticator, guard, clock),
    })
    .compile();
}
