import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { GUARD_OPTIONS, type ResolvedGuardOptions } from '../guard/guard.options.js';
import { guardsOn, isJwtAuthGuard } from '../guard/jwt-auth.guard.js';
import { classesIn } from '../guard/routes/route-audit.js';
import { methodsOf, routePolicy, type Method } from '../guard/routes/route-policy.js';
import { isGuarded } from './guard-connections.js';

/** What marks a handler of a gateway in Nest, on the function. */
const MESSAGE_HANDLER = 'websockets:message_mapping';

/**
 * Ends the start where a handler of a gateway needs a token that no message can lead to: only socket.io keeps the request
 * of a connection on its client.
 *
 * @throws TypeError that names the handler, and the remedy
 */
@Injectable()
export class GatewayAudit implements OnModuleInit {
  constructor(
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(GUARD_OPTIONS) private readonly options: ResolvedGuardOptions,
  ) {}

  onModuleInit(): void {
    // Null where nothing connects gateways.
    const adapter = this.config.getIoAdapter() as object | null | undefined;
    if (!adapter || isGuarded(adapter) || isOfSocketIo(adapter)) return;
    const { tokenFrom } = this.options.transports;
    if (tokenFrom.has('ws')) return;
    const isEverywhere = this.config.getGlobalGuards().some(isJwtAuthGuard);
    for (const { metatype } of classesIn(this.modules)) {
      const needy = methodsOf(metatype.prototype).find((method) =>
        this.needsToken(method, metatype, isEverywhere),
      );
      if (needy !== undefined)
        throw new TypeError(
          `${metatype.name}.${String(needy.name)} needs authentication, but its adapter keeps no request for messages: app.useWebSocketAdapter(guardConnections(app, adapter))`,
        );
    }
  }

  private needsToken({ handler }: Method, metatype: Type, isEverywhere: boolean): boolean {
    if (!Reflect.hasMetadata(MESSAGE_HANDLER, handler)) return false;
    const { access, requirements } = routePolicy(handler, metatype);
    if (access === 'public') return false;
    if (this.options.transports.unguarded.has('ws') && !requirements.areSome) return false;
    return isEverywhere || [...guardsOn(metatype), ...guardsOn(handler)].some(isJwtAuthGuard);
  }
}

const isOfSocketIo = (adapter: object): boolean => 'createIOServer' in adapter;
