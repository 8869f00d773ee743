import type { ExecutionContext, Type } from '@nestjs/common';

type Http = ReturnType<ExecutionContext['switchToHttp']>;
type Rpc = ReturnType<ExecutionContext['switchToRpc']>;
type Ws = ReturnType<ExecutionContext['switchToWs']>;

/**
 * What `transports.ws.tokenFrom` receives when a client connects: there is one argument, the socket of socket.io or, for
 * ws, the request for the upgrade. There is no handler yet, so `getHandler()` and `getClass()` return undefined.
 */
export class HandshakeContext implements ExecutionContext {
  constructor(private readonly opener: object) {}

  getType<Name extends string>(): Name {
    return 'ws' as Name;
  }

  getClass<T>(): Type<T> {
    return undefined as never;
  }

  getHandler(): never {
    return undefined as never;
  }

  getArgs<Args extends unknown[]>(): Args {
    return [this.opener] as Args;
  }

  getArgByIndex<T>(index: number): T {
    return this.getArgs<T[]>()[index] as T;
  }

  switchToWs(): Ws {
    const { opener } = this;
    return { getClient: () => opener as never, getData: noArgument, getPattern: noArgument as () => string };
  }

  switchToHttp(): Http {
    const { opener } = this;
    return { getRequest: () => opener as never, getResponse: noArgument, getNext: noArgument };
  }

  switchToRpc(): Rpc {
    return { getData: noArgument, getContext: noArgument };
  }
}

const noArgument = <T>(): T => undefined as T;
