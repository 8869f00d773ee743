import { AuthError } from '../../common/auth.error.js';
import type { Acceptance } from '../../token/acceptance.js';
import type { HttpRequest } from './bearer-token.js';
import type { Call } from './transport.js';

/** What the handlers of MCP-Nest receive beside the data. */
export interface McpContext {
  /** Node's own request, also on Fastify; undefined over stdio. */
  getRawRequest(): HttpRequest | undefined;
}

/** What a guard has found of the HTTP request that a handler is called for. */
interface McpRequest {
  readonly request: HttpRequest;
  readonly acceptance: Acceptance | undefined;
}

/** By Node's own request. */
const requests = new WeakMap<object, McpRequest>();

/** Keeps the request that a guard has checked: the handlers that it calls have the same token and the same user. */
export const rememberRequest = (request: HttpRequest, acceptance: Acceptance | undefined): void =>
  void requests.set(request.raw ?? request, { request, acceptance });

/** True for the context of a handler of MCP-Nest. */
export const isMcpContext = (value: unknown): value is McpContext =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<McpContext>).getRawRequest === 'function';

/** True for a call over stdio, which has no request and no token. */
export const isOverStdio = (context: McpContext): boolean =>
  typeof context.getRawRequest() !== 'object' || context.getRawRequest() === null;

/** A call of a handler of MCP-Nest, which stands for the HTTP request that it came in. */
export function mcpCall(mcp: McpContext, key: object): Call {
  const raw = mcp.getRawRequest();
  if (raw === undefined || isOverStdio(mcp)) return { carrier: mcp as HttpRequest, key, takeToken: noToken };
  const known = requests.get(raw);
  const request = known?.request ?? raw;
  return { carrier: request, key: raw, httpRequest: request, acceptance: known?.acceptance };
}

function noToken(): never {
  throw new AuthError('missing_token');
}
