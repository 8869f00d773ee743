import type { ServerResponse } from 'node:http';
import { isFor, type EndpointRequest, type Respond } from './endpoint.js';

type Next = (error?: unknown) => void;

/** What is used of an Express application. */
export interface ExpressInstance {
  all(
    path: string,
    handler: (request: EndpointRequest, response: ServerResponse, next: Next) => void,
  ): unknown;
  use(
    handler: (error: unknown, request: EndpointRequest, response: ServerResponse, next: Next) => void,
  ): unknown;
}

/** What has a meaning in a path of Express 5 (path-to-regexp 8). */
const PATTERN_CHARACTER = /[{}()[\]+?!:*\\]/g;

/** The kinds of errors of body-parser: it could not read a body, or would not. */
const BODY_PROBLEM = /^(?:entity|encoding|charset|parameters|request|stream)\./;

/**
 * Serves all methods of a path. A parser of the application may have read the body before; where it refused to, the
 * endpoint responds all the same, in its own way. What else went wrong before goes to the application.
 */
export function serveWithExpress(instance: ExpressInstance, path: string, respond: Respond): void {
  const serve = (request: EndpointRequest, response: ServerResponse): void =>
    void respond(request).then(({ status, headers, body }) => {
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
    });
  instance.use((error, request, response, next) =>
    isFor(request, path) && isBodyProblem(error) ? serve(request, response) : next(error),
  );
  instance.all(path.replaceAll(PATTERN_CHARACTER, '\\$&'), (request, response, next) =>
    isFor(request, path) ? serve(request, response) : next(),
  );
}

function isBodyProblem(error: unknown): boolean {
  const { type } = (error ?? {}) as { type?: unknown };
  return typeof type === 'string' && BODY_PROBLEM.test(type);
}
