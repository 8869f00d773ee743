import { HttpStatus, type ExecutionContext } from '@nestjs/common';
import type { AuthException } from '../auth.exception.js';
import { authorizationIn, oneBearerToken, type HttpRequest } from './bearer-token.js';
import { setHeaders, type HttpResponse } from './http.js';
import type { Call, Transport } from './transport.js';

/** What is read of the context value of an operation, of Apollo and Mercurius alike. */
interface OperationContext {
  /** The HTTP request; over graphql-ws with Apollo, the {@link Connection}. */
  readonly req?: HttpRequest & Connection;
  readonly res?: HttpResponse;
  readonly reply?: Partial<HttpResponse>;
  /** The request for the upgrade, in subscriptions of Mercurius. */
  readonly request?: HttpRequest;
  /** The payload of `connection_init`, in subscriptions of Mercurius; the member is there without one, too. */
  readonly _connectionInit?: unknown;
}

/** A connection of graphql-ws: one object for all operations on it. */
interface Connection {
  readonly connectionParams?: unknown;
  readonly extra?: { readonly request?: HttpRequest };
}

interface OperationInfo {
  readonly variableValues?: unknown;
}

/** The codes that Apollo's clients and servers use. */
const CODES: Partial<Record<HttpStatus, string>> = {
  [HttpStatus.FORBIDDEN]: 'FORBIDDEN',
  [HttpStatus.SERVICE_UNAVAILABLE]: 'SERVICE_UNAVAILABLE',
};

/** Resolvers of @nestjs/graphql: queries, mutations, subscriptions, fields and references. */
export const graphql: Transport = {
  name: 'graphql',

  read(context: ExecutionContext): Call | undefined {
    const { value, info } = operationOf(context);
    const connection = connectionOf(value);
    if (connection !== undefined) {
      const { carrier, httpRequest, takeToken } = connection;
      // Anew for each operation on a connection: graphql makes an object for the variables of each.
      return {
        carrier,
        key: objectOr(context, info?.variableValues),
        httpRequest,
        takeToken,
      };
    }
    const { req } = value;
    return typeof req === 'object' && req !== null
      ? { carrier: req, key: req.raw ?? req, httpRequest: req }
      : undefined;
  },

  refusalOf(exception: AuthException, context: ExecutionContext): AuthException {
    const { value } = operationOf(context);
    const status: HttpStatus = exception.getStatus();
    const retryAfter = exception.headers['retry-after'];
    exception.extensions = {
      code: CODES[status] ?? 'UNAUTHENTICATED',
      reason: exception.problem.code,
      ...(exception.requiredScopes.length > 0 && { requiredScopes: exception.requiredScopes }),
      ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
      ...headersOf(exception, value),
    };
    return exception;
  },
};

/** The context value and the info of a resolver. A reference resolver is called without arguments between. */
function operationOf(context: ExecutionContext): {
  value: OperationContext;
  info: OperationInfo | undefined;
} {
  const args = context.getArgs<unknown[]>();
  const [value, info] = args.length === 3 ? args.slice(1) : args.slice(2);
  return {
    value: (typeof value === 'object' && value !== null ? value : {}) as OperationContext,
    info: info as OperationInfo | undefined,
  };
}

const objectOr = (fallback: object, value: unknown): object =>
  typeof value === 'object' && value !== null ? value : fallback;

/** The connection that an operation came over; undefined for one that came as an HTTP request. */
function connectionOf(
  value: OperationContext,
): Pick<Call, 'carrier' | 'httpRequest' | 'takeToken'> | undefined {
  const { req } = value;
  if (req === undefined && value.request !== undefined && '_connectionInit' in value) {
    const { request, _connectionInit: parameters } = value;
    return { carrier: request, httpRequest: request, takeToken: () => tokenOf(parameters, request) };
  }
  if (typeof req !== 'object' || req === null) return undefined;
  if (req.extra?.request !== undefined)
    return {
      carrier: req,
      httpRequest: req.extra.request,
      takeToken: () => tokenOf(req.connectionParams, req.extra?.request),
    };
  // A context function may put the request for the upgrade here, which is one for all operations.
  return req.headers?.upgrade === undefined
    ? undefined
    : { carrier: req, httpRequest: req, takeToken: () => tokenOf({}, req) };
}

/** The token of a connection: in the payload of `connection_init`, or in the headers of the upgrade. */
const tokenOf = (parameters: unknown, upgrade: HttpRequest | undefined): string =>
  oneBearerToken([...authorizationParameters(parameters), ...authorizationIn(upgrade)]);

/** `authorization`, in any case, of the parameters or of their `headers`. */
function authorizationParameters(parameters: unknown): readonly unknown[] {
  const { headers, ...others } = objectOr({}, parameters) as { headers?: unknown };
  return [others, objectOr({}, headers)].flatMap((one) =>
    Object.entries(one).flatMap(([name, value]) => (name.toLowerCase() === 'authorization' ? [value] : [])),
  );
}

/**
 * Puts the headers on the response of the adapter, where the context leads to it. Otherwise Apollo takes them out of the
 * extensions, which no other server does: so they go there only where Apollo hides the response, on Fastify.
 */
function headersOf(
  exception: AuthException,
  value: OperationContext,
): { http?: { headers: Map<string, string> } } {
  if (connectionOf(value) !== undefined) return {};
  const response = value.res ?? value.reply ?? (value.req as { res?: HttpResponse } | undefined)?.res;
  if (response === undefined) return { http: { headers: new Map(Object.entries(exception.headers)) } };
  if (typeof response.header === 'function') setHeaders(response as HttpResponse, exception);
  return {};
}
