import { ConfigurableModuleBuilder, type ConfigurableModuleAsyncOptions } from '@nestjs/common';
import type { AuthOptions } from './auth.options.js';
import { EveryRoute } from './guard/routes/every-route.js';

/** What goes beside the options, or beside the factory that makes them. */
export interface AuthModuleExtras {
  /**
   * Makes the guard work in every module without importing `AuthModule` there.
   *
   * @default true
   */
  isGlobal?: boolean;
  /**
   * Puts `JwtAuthGuard` on every route, before the guards of the application, and on handlers of messages;
   * `@Public()` opens one.
   *
   * @default false
   */
  guardEveryRoute?: boolean;
}

const EXTRAS: Required<AuthModuleExtras> = { isGlobal: true, guardEveryRoute: false };

/** What `forRootAsync` takes. */
export type AsyncAuthOptions = ConfigurableModuleAsyncOptions<AuthOptions, 'createAuthOptions'> &
  AuthModuleExtras;

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: AUTH_OPTIONS } =
  new ConfigurableModuleBuilder<AuthOptions>({ moduleName: 'Auth' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAuthOptions')
    .setExtras<AuthModuleExtras>(EXTRAS, (definition, { isGlobal, guardEveryRoute }) => ({
      ...definition,
      global: isGlobal,
      providers: [...(definition.providers ?? []), ...(guardEveryRoute ? [EveryRoute] : [])],
    }))
    .build();
