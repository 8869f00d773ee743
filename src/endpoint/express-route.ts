import type { ServerResponse } from 'node:http';
import { isFor, type EndpointRequest, type Respond } from './endpoint.js';

/** What is used of an Express application. */
export interface ExpressInstance {
  all(
    path: string,
    handler: (request: EndpointRequest, response: ServerResponse, next: () => void) => void,
  ): unknown;
}

/** What has a meaning in a path of Express 5 (path-to-regexp 8). */
const PATTERN_CHARACTER = /[{}()[\]+?!:*\\]/g;

/** Serves all methods of a path. A parser of the application may have read the body before. */
export function serveWithExpress(instance: ExpressInstance, path: string, respond: Respond): void {
  instance.all(path.replaceAll(PATTERN_CHARACTER, '\\$&'), (request, response, next) => {
    if (!isFor(request, path)) return next();
    void respond(request).then(({ status, headers, body }) => {
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
    });
  });
}
