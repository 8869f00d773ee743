import type { IncomingMessage } from 'node:http';
import { isFor, type Respond } from './endpoint.js';

interface FastifyReply {
  code(status: number): this;
  headers(values: Readonly<Record<string, string>>): this;
  send(body: Uint8Array | undefined): this;
  callNotFound(): unknown;
}

/** What is used of a Fastify instance. */
export interface FastifyInstance {
  readonly supportedMethods: readonly string[];
  route(options: {
    method: readonly string[];
    url: string;
    exposeHeadRoute: false;
    onRequest(request: { readonly raw: IncomingMessage }, reply: FastifyReply): Promise<unknown>;
    handler(): unknown;
  }): unknown;
}

/**
 * Serves all methods of a path. The response is sent in the hook `onRequest`, after those of the application and before
 * the body is parsed: Fastify refuses media types that it has no parser for.
 */
export function serveWithFastify(instance: FastifyInstance, path: string, respond: Respond): void {
  instance.route({
    method: instance.supportedMethods,
    url: asPattern(path),
    exposeHeadRoute: false,
    async onRequest({ raw }, reply) {
      if (!isFor(raw, path)) return reply.callNotFound();
      const { status, headers, body } = await respond(raw);
      // As bytes: to text, Fastify adds a charset or a type.
      return reply
        .code(status)
        .headers(headers)
        .send(body === '' ? undefined : Buffer.from(body));
    },
    // Never called: the hook has responded.
    handler: () => undefined,
  });
}

/** A path that find-my-way matches literally: it decodes what is requested first, and a colon begins a parameter. */
const asPattern = (path: string): string => decodeURI(path).replaceAll(':', '::');
