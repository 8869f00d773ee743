import {
  Inject,
  Injectable,
  Logger,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { assertNoStreamCall, classesIn } from './route-audit.js';
import { guardsOn, isJwtAuthGuard, JwtAuthGuard, setGuards } from '../jwt-auth.guard.js';
import { methodsOf, routePolicy, type Method } from './route-policy.js';

/** What marks the handlers of messages in Nest, on the function. */
const MESSAGE_HANDLERS = ['microservices:handler_type', 'websockets:message_mapping'];

/**
 * Stands on every class with handlers of messages once an application in the process guards every route. Nest makes
 * one for each module; it lets everything through unless the application of that module put its guard in its place.
 */
@Injectable()
export class MessageHandlerGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/**
 * `guardEveryRoute`. Makes the guard the first of the global ones, wherever those of the application stand. Puts it on
 * handlers of messages too, because Nest applies no global guard to those of a connected microservice and, in Nest 11,
 * to those of gateways.
 *
 * It acts when it is constructed: later, Nest has added the application's guards and bound the handlers.
 */
@Injectable()
export class EveryRoute {
  constructor(
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(JwtAuthGuard) guard: CanActivate,
  ) {
    config.addGlobalGuard(guard);
    const useValue: CanActivate = {
      canActivate: (context) => isLeftToOthers(context) || guard.canActivate(context),
    };
    const [refused, left]: [string[], string[]] = [[], []];
    for (const { module, metatype } of classesIn(modules)) {
      const handlers = messageHandlersOf(metatype);
      if (handlers.length === 0) continue;
      module.addInjectable({ provide: MessageHandlerGuard, useValue }, 'guard');
      putGuardOn(metatype);
      for (const { name, handler } of handlers) {
        if (routePolicy(handler, metatype).access === 'public') continue;
        const where = `${metatype.name}.${String(name)}`;
        const isLeft = hasForeignGuard(handler, metatype);
        if (!isLeft) assertNoStreamCall(where, handler);
        (isLeft ? left : refused).push(where);
      }
    }
    tell('refuses what is not called over HTTP, unless it is @Public', refused);
    tell('leaves what is not called over HTTP to the guards that stand there', left);
  }
}

function tell(what: string, handlers: readonly string[]): void {
  if (handlers.length > 0) new Logger('AuthModule').warn(`guardEveryRoute ${what}: ${handlers.join(', ')}`);
}

function putGuardOn(metatype: Type): void {
  // Nest 11 asks the constructor of the instance, Nest 12 the class.
  for (const one of new Set<object>([metatype, metatype.prototype.constructor])) {
    const guards = guardsOn(one);
    if (!guards.includes(MessageHandlerGuard)) setGuards(one, [MessageHandlerGuard, ...guards]);
  }
}

/** The handlers of messages of a class: of a gateway, or of a microservice. */
const messageHandlersOf = (metatype: Type): Method[] =>
  methodsOf(metatype.prototype).filter(({ handler }) =>
    MESSAGE_HANDLERS.some((key) => Reflect.hasMetadata(key, handler)),
  );

/** Over HTTP the global guard is there. Where an application put a guard of its own, that one decides. */
const isLeftToOthers = (context: ExecutionContext): boolean =>
  context.getType<string>() === 'http' || hasForeignGuard(context.getHandler(), context.getClass());

function hasForeignGuard(handler: object, controller: object): boolean {
  const guards = [...guardsOn(controller), ...guardsOn(handler)];
  return guards.some((guard) => guard !== MessageHandlerGuard && !isJwtAuthGuard(guard));
}
