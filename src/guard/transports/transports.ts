import type { ExecutionContext } from '@nestjs/common';
import { AuthError } from '../../common/auth.error.js';
import { checkNoPromise } from '../../common/option-checks.js';
import type { TransportName } from '../../telemetry/names.js';
import type { AuthException } from '../auth.exception.js';
import type { HttpRequest } from './bearer-token.js';
import { graphql } from './graphql.js';
import { http } from './http.js';
import { isMcpContext, isOverStdio } from './mcp-call.js';
import { rpc } from './rpc.js';
import type { ResolvedTransports, TokenFrom } from './transport.options.js';
import type { Call, Transport } from './transport.js';
import { ws } from './ws.js';

/** By the type of the context. */
const TRANSPORTS: ReadonlyMap<string, Transport> = new Map(Object.entries({ http, graphql, ws, rpc }));

const transportOf = (context: ExecutionContext): Transport | undefined =>
  TRANSPORTS.get(context.getType<string>());

/** What traces and metrics show of a call. */
export const transportNameOf = (context: ExecutionContext): TransportName =>
  transportOf(context)?.name ?? 'other';

/** True when the handlers of this type of context are let through without credentials. */
export const isUnguarded = (context: ExecutionContext, { unguarded }: ResolvedTransports): boolean =>
  unguarded.size > 0 && unguarded.has(context.getType<string>());

/** The option that lets calls of an MCP server over stdio through: there is no token, and the caller started the process. */
export const isUnguardedStdio = (context: ExecutionContext, { unguarded }: ResolvedTransports): boolean => {
  if (!unguarded.has('mcpStdio') || context.getType<string>() !== 'rpc') return false;
  const [, mcp] = context.getArgs<unknown[]>();
  return isMcpContext(mcp) && isOverStdio(mcp);
};

/**
 * Reads a call, by the transport of its context or by the option for it.
 *
 * @throws Error that names the handler and the option, when neither leads to a token
 */
export function callOf(context: ExecutionContext, { tokenFrom }: ResolvedTransports): Call {
  const call = transportOf(context)?.read(context);
  const own = tokenFrom.size === 0 ? undefined : tokenFrom.get(context.getType<string>());
  if (own !== undefined && call?.isTokenTaken !== true) {
    const read: Call = call ?? { carrier: otherCarrier(context), key: context.getArgs<unknown[]>() };
    return { ...read, takeToken: () => tokenOf(context, own) };
  }
  if (call !== undefined) return call;
  const type = context.getType<string>();
  const where = `${context.getClass().name}.${context.getHandler().name}`;
  throw new Error(
    `JwtAuthGuard cannot read the token of ${where}, which is called over "${type}": set the option transports.${type} to { tokenFrom } or to 'unguarded', or declare the handler @Public`,
  );
}

/** A refusal in the words of the transport that the context is of. */
export const refusalOf = (
  exception: AuthException,
  context: ExecutionContext,
  options: ResolvedTransports,
): unknown => transportOf(context)?.refusalOf(exception, context, options) ?? exception;

/** What the outcome of this call is kept on. */
export const keyOf = (context: ExecutionContext): object =>
  transportOf(context)?.read(context)?.key ?? context.getArgs<unknown[]>();

/** What `user` is set on for this call. */
export const carrierOf = (context: ExecutionContext): { readonly user?: unknown } =>
  (transportOf(context)?.read(context)?.carrier ?? otherCarrier(context)) as object;

/**
 * The token that the option `tokenFrom` finds.
 *
 * @throws AuthError `missing_token`; TypeError for a promise
 */
export function tokenOf(context: ExecutionContext, tokenFrom: TokenFrom): string {
  const token = tokenFrom(context);
  checkNoPromise(
    `transports.${context.getType<string>()}.tokenFrom`,
    token,
    'must return a string or null, not a promise',
  );
  if (!token) throw new AuthError('missing_token');
  return token;
}

const carriers = new WeakMap<object, HttpRequest>();

/** The carrier of a call of an unknown kind: one for the first object that follows the data in its arguments. */
function otherCarrier(context: ExecutionContext): HttpRequest {
  const anchor = context.getArgs<unknown[]>().slice(1).find(isObject) ?? context;
  const carrier = carriers.get(anchor) ?? {};
  carriers.set(anchor, carrier);
  return carrier;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
