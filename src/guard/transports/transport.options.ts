import type { ExecutionContext } from '@nestjs/common';
import { badOption, checkFunction, checkMembers, checkOneOf } from '../../common/option-checks.js';

/** Takes the token out of a call; null when it carries none. */
export type TokenFrom = (context: ExecutionContext) => string | null;

/** How the calls of one type of context are read. */
export interface TransportOptions {
  /**
   * Takes the token out of a call, in place of the library's own way.
   *
   * @default the places that docs/guide/transports.md lists
   */
  readonly tokenFrom?: TokenFrom;
}

/** How the handlers of gateways are guarded. */
export interface WebSocketOptions extends TransportOptions {
  /**
   * What happens to a connected client when its token expires: it is disconnected, or each of its messages is refused.
   *
   * @default 'disconnect'
   */
  readonly atExpiry?: 'disconnect' | 'refuse';
}

/** How the handlers of microservices are guarded. */
export interface RpcOptions extends TransportOptions {
  /**
   * What happens to an event (`@EventPattern`) that is refused, since no caller waits for an answer: it is dropped with
   * a line in the log, or the refusal is thrown to the transport, which may deliver the event again. One that cannot be
   * decided (`keys_unavailable`) is always thrown.
   *
   * @default 'drop'
   */
  readonly refusedEvent?: 'drop' | 'throw';
}

/**
 * By the type of the context (`context.getType()`): how its calls are read. `'unguarded'` lets them through unless their
 * handler has a `@Require…`.
 */
export interface TransportsOptions {
  readonly graphql?: TransportOptions | 'unguarded';
  readonly ws?: WebSocketOptions | 'unguarded';
  readonly rpc?: RpcOptions | 'unguarded';
  /**
   * Calls of MCP servers over stdio, which carry no token: `'unguarded'` lets them through, whatever their handlers require.
   *
   * @default they are refused
   */
  readonly mcpStdio?: 'unguarded';
  readonly [type: string]: TransportOptions | WebSocketOptions | RpcOptions | 'unguarded' | undefined;
}

/** {@link TransportsOptions}, checked. */
export interface ResolvedTransports {
  readonly tokenFrom: ReadonlyMap<string, TokenFrom>;
  readonly unguarded: ReadonlySet<string>;
  readonly atExpiry: 'disconnect' | 'refuse';
  readonly refusedEvent: 'drop' | 'throw';
}

const OWN_MEMBERS: Readonly<Record<string, readonly string[]>> = { ws: ['atExpiry'], rpc: ['refusedEvent'] };

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveTransports(given: TransportsOptions = {}): ResolvedTransports {
  checkMembers('transports', given, Object.keys(given ?? {}));
  if (given['http'] !== undefined)
    throw badOption('transports.http', 'does not exist: "jwtFromRequest" is for HTTP');
  const tokenFrom = new Map<string, TokenFrom>();
  const unguarded = new Set<string>();
  for (const [type, options] of Object.entries(given)) {
    if (options === undefined) continue;
    if (options === 'unguarded') {
      unguarded.add(type);
      continue;
    }
    const name = `transports.${type}`;
    if (type === 'mcpStdio') throw badOption(name, 'must be "unguarded"');
    if (typeof options === 'string') throw badOption(name, 'must be an object or "unguarded"');
    checkMembers(name, options, ['tokenFrom', ...(OWN_MEMBERS[type] ?? [])]);
    checkFunction(`${name}.tokenFrom`, options.tokenFrom);
    if (options.tokenFrom !== undefined) tokenFrom.set(type, options.tokenFrom);
  }
  const { atExpiry = 'disconnect' } = membersOf(given.ws);
  checkOneOf('transports.ws.atExpiry', atExpiry, ['disconnect', 'refuse']);
  const { refusedEvent = 'drop' } = membersOf(given.rpc);
  checkOneOf('transports.rpc.refusedEvent', refusedEvent, ['drop', 'throw']);
  return { tokenFrom, unguarded, atExpiry, refusedEvent };
}

const membersOf = <T extends object>(options: T | 'unguarded' | undefined): Partial<T> =>
  typeof options === 'object' ? options : {};
