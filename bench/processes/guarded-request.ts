import type { ExecutionContext } from '@nestjs/common';

/** What guards read of a request, and write on it. */
export interface GuardedRequest {
  readonly headers: Readonly<Record<string, string>>;
  user?: unknown;
}

class Orders {
  list(): void {}
}

/** What Nest passes to a guard for a request with this token. */
export function contextOf(token: string): ExecutionContext {
  // Without this the header would be put together, and copied, at the guard's expense.
  const authorization = Buffer.from(`Bearer ${token}`).toString('latin1');
  const headers = {
    host: 'api.example',
    accept: '*/*',
    'user-agent': 'bench',
    authorization,
  };
  const request = {
    method: 'GET',
    url: '/orders',
    originalUrl: '/orders',
    headers,
    rawHeaders: Object.entries(headers).flat(),
    // What Express adds.
    protocol: 'http',
    query: {},
    get: (name: string) => (headers as Record<string, string>)[name.toLowerCase()],
    is: () => false,
  };
  const response = { header() {} };
  const http = { getRequest: () => request, getResponse: () => response, getNext: () => undefined };
  const context = {
    getType: () => 'http',
    switchToHttp: () => http,
    getHandler: () => Orders.prototype.list,
    getClass: () => Orders,
  };
  return context as unknown as ExecutionContext;
}

export const requestOf = (context: ExecutionContext): GuardedRequest =>
  context.switchToHttp().getRequest<GuardedRequest>();

/** The bearer token, taken out of its header the shortest way. */
export const tokenIn = (context: ExecutionContext): string =>
  requestOf(context).headers['authorization']?.slice('Bearer '.length) ?? '';
