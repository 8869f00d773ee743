import type { ExecutionContext } from '@nestjs/common';
import type { AuthException } from '../auth.exception.js';
import type { HttpRequest } from './bearer-token.js';
import type { Call, Transport } from './transport.js';

/** The part of a response that is used, of Express and Fastify alike. */
export interface HttpResponse {
  readonly headersSent?: boolean;
  /** Fastify keeps Node's own response here. */
  readonly raw?: { readonly headersSent: boolean };
  header(name: string, value: string): unknown;
}

/** Routes of controllers, server-sent events among them. */
export const http: Transport = {
  name: 'http',
  read(context: ExecutionContext): Call {
    const carrier = context.switchToHttp().getRequest<HttpRequest>();
    return { carrier, key: carrier.raw ?? carrier, httpRequest: carrier };
  },
  refusalOf(exception: AuthException, context: ExecutionContext): AuthException {
    setHeaders(context.switchToHttp().getResponse<HttpResponse>(), exception);
    return exception;
  },
};

/** An HttpException has no headers, so they are set here, unless a response was sent in the meantime. */
export function setHeaders(response: HttpResponse, { headers }: AuthException): void {
  if ((response.raw ?? response).headersSent) return;
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
}
