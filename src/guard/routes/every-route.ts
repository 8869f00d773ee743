import { Inject, Injectable, type CanActivate, type Type } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { assertNoStreamCall, classesIn } from './route-audit.js';
import { guardsOn, JwtAuthGuard, setGuards } from '../jwt-auth.guard.js';
import { methodsOf, routePolicy } from './route-policy.js';

/** What marks the handlers of messages in Nest, on the function. */
const MESSAGE_HANDLERS = ['microservices:handler_type', 'websockets:message_mapping'];

/**
 * Stands on every class with handlers of messages once an application in the process guards every route. Nest makes
 * one for each module; it lets everything through unless the application of that module put JwtAuthGuard in its place.
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
    for (const { module, metatype } of classesIn(modules)) {
      const handlers = methodsOf(metatype.prototype).filter(({ handler }) => isMessageHandler(handler));
      if (handlers.length === 0) continue;
      module.addInjectable({ provide: MessageHandlerGuard, useValue: guard }, 'guard');
      putGuardOn(metatype);
      for (const { name, handler } of handlers) {
        if (routePolicy(handler, metatype).access === 'public') continue;
        assertNoStreamCall(`${metatype.name}.${String(name)}`, handler);
      }
    }
  }
}

function putGuardOn(metatype: Type): void {
  // Nest 11 reads the constructor of the instance, Nest 12 the class.
  for (const one of new Set<object>([metatype, metatype.prototype.constructor])) {
    const guards = guardsOn(one);
    if (!guards.includes(MessageHandlerGuard)) setGuards(one, [MessageHandlerGuard, ...guards]);
  }
}

/** True for a handler of a gateway, or of a microservice. */
const isMessageHandler = (handler: object): boolean =>
  MESSAGE_HANDLERS.some((key) => Reflect.hasMetadata(key, handler));
