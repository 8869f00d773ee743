import { Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { errorType } from '../telemetry/span.js';
import type {
  Endpoint,
  EndpointHandler,
  EndpointRequest,
  EndpointResponse,
  RenderedResponse,
} from './endpoint.js';
import { serveWithExpress, type ExpressInstance } from './express-route.js';
import { serveWithFastify, type FastifyInstance } from './fastify-route.js';

/**
 * Serves an endpoint on the HTTP adapter of an application, without its guards, pipes, interceptors and filters. To be
 * called in `configure` of a module: what the application registered with `app.use` comes before, and its routes after.
 *
 * @throws TypeError for an adapter that is neither Express nor Fastify
 */
export function serveEndpoint(
  adapter: Pick<AbstractHttpAdapter, 'getType' | 'getInstance'>,
  endpoint: Endpoint,
): void {
  const { path } = endpoint;
  const respond = (request: EndpointRequest) => responseTo(request, endpoint);
  const type = adapter.getType();
  if (type === 'express') serveWithExpress(adapter.getInstance<ExpressInstance>(), path, respond);
  else if (type === 'fastify') serveWithFastify(adapter.getInstance<FastifyInstance>(), path, respond);
  else throw new TypeError(`nestjs-jwks-auth: ${path} needs the adapter of Express or Fastify, not ${type}`);
}

async function responseTo(request: EndpointRequest, endpoint: Endpoint): Promise<RenderedResponse> {
  const { path, headers, methods } = endpoint;
  try {
    const handler = handlerOf(request.method, methods);
    return rendered(handler === undefined ? notAllowed(methods) : await handler(request), headers);
  } catch (error) {
    // An unexpected message may quote what was sent, so it is not logged.
    new Logger('AuthModule').error(`${path} failed: ${errorType(error)}`);
    return { status: 500, headers, body: '' };
  }
}

function rendered(
  { status, headers, body = '' }: EndpointResponse,
  common: Endpoint['headers'],
): RenderedResponse {
  if (typeof body === 'string') return { status, headers: { ...common, ...headers }, body };
  const type = { 'content-type': 'application/json' };
  return { status, headers: { ...type, ...common, ...headers }, body: JSON.stringify(body) };
}

function handlerOf(method = '', methods: Endpoint['methods']): EndpointHandler | undefined {
  const name = method === 'HEAD' && !Object.hasOwn(methods, method) ? 'GET' : method;
  return Object.hasOwn(methods, name) ? methods[name] : undefined;
}

function notAllowed(methods: Endpoint['methods']): EndpointResponse {
  const names = Object.keys(methods).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
  return { status: 405, headers: { allow: [...new Set(names)].join(', ') } };
}
