import type { IncomingMessage } from 'node:http';
import { badOption } from '../common/option-checks.js';

/** A request as Node.js has it; a parser of the application may have read its body already. */
export interface EndpointRequest extends IncomingMessage {
  readonly body?: unknown;
}

/** The response of an endpoint. */
export interface EndpointResponse {
  readonly status: number;
  /** In addition to those of every response of the endpoint; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, text as it is. */
  readonly body?: object | string;
}

/** Responds to requests with one method. */
export type EndpointHandler = (request: EndpointRequest) => EndpointResponse | Promise<EndpointResponse>;

/** A path that this library serves beside the routes of the application. */
export interface Endpoint {
  /** Exactly this one: neither the global prefix nor the version of the application goes before it. */
  readonly path: string;
  /** Headers of every response, also of 405 and 500; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** By method; HEAD is served as GET. Other methods get 405 with `Allow` (RFC 9110 §15.5.6). */
  readonly methods: Readonly<Record<string, EndpointHandler>>;
}

/** A response as it is sent. */
export interface RenderedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Renders the response to a request; never rejects. */
export type Respond = (request: EndpointRequest) => Promise<RenderedResponse>;

/** The characters of a path (RFC 3986 §3.3), without `*`, which routers read as a wildcard. */
const PATH = /^\/(?:[\w.~!$&'()+,;=:@/-]|%[\dA-F]{2})*$/i;

/**
 * Checks an option that is the path of an endpoint.
 *
 * @throws TypeError that names the option
 */
export function checkEndpointPath(name: string, path: unknown): void {
  const isPath = typeof path === 'string' && PATH.test(path) && !path.startsWith('//');
  if (!isPath) throw badOption(name, 'must be a path that starts with a slash and has neither query nor "*"');
}

/** True for a request to exactly this path; routers may also match another case or one more slash. */
export const isFor = ({ url = '' }: IncomingMessage, path: string): boolean =>
  url.startsWith(path) && (url.length === path.length || url[path.length] === '?');
