import type { Type } from '@nestjs/common';
import type { TestIssuer } from 'nestjs-jwks-auth/testing';
import { startGuardedApp, type Adapter, type GuardedApp } from './guarded-app.js';

interface Given {
  readonly adapter?: Adapter;
  readonly guardEveryRoute?: boolean;
}

/** Starts an application with one controller. */
export type StartController = (controller: Type, given?: Given) => Promise<GuardedApp>;

/** The message of the TypeError that ends the start; `started` when none does. */
export type RefusedStart = (controller: Type, guardEveryRoute?: boolean) => Promise<string>;

/** Starts of applications that differ in their controller. */
export function controllerStarts({ issuer, audience }: TestIssuer): {
  start: StartController;
  refused: RefusedStart;
} {
  const start: StartController = (controller, { adapter = 'express', guardEveryRoute = false } = {}) =>
    startGuardedApp({ issuer, audience, guardEveryRoute }, { adapter, controllers: [controller] });
  const refused: RefusedStart = async (controller, guardEveryRoute = false) => {
    try {
      await using _ = await start(controller, { guardEveryRoute });
    } catch (error) {
      if (error instanceof TypeError) return error.message;
      throw error;
    }
    return 'started';
  };
  return { start, refused };
}
