import type { IncomingMessage, RequestListener } from 'node:http';
import { answer, ELSEWHERE, send, type Answer } from './fault-answers.js';
import type { FaultSwitch } from './fault.js';
import { metadataOf, targetOf, type IssuerEndpoints } from './issuer-endpoints.js';
import type { IssuerServer } from './issuer-server.js';
import type { KeySetDocument } from './key-set-document.js';
import type { RequestLog, RequestTarget } from './request-log.js';

/** The state of the issuer that requests are handled with. */
export interface IssuerState {
  readonly endpoints: IssuerEndpoints;
  readonly keySet: KeySetDocument;
  readonly faults: FaultSwitch;
  readonly requests: RequestLog;
  readonly cacheControl: string | undefined;
}

const NOT_FOUND: Answer = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"error":"not_found"}'),
};

/** Serves the discovery document and the JWK Set, or the active fault. */
export function requestHandler(server: IssuerServer, state: IssuerState): RequestListener {
  return (request, response) => {
    const path = request.url ?? '/';
    const target = targetOf(pathnameOf(path), state.endpoints);
    state.requests.add({ path, headers: request.headers, at: Date.now() }, target);
    if (target === undefined) {
      send(response, elsewhere(path, state));
      return;
    }
    const exchange = {
      response,
      path,
      ordinary: () => ordinaryAnswer(path, target, state, request),
      whole: () => ordinaryAnswer(path, target, state),
      signal: server.signal,
      reset: () => server.reset(request),
    };
    answer(state.faults.take(target), exchange).catch((error: unknown) => {
      const isOver = response.destroyed || server.signal.aborted;
      response.destroy();
      // Expected when the client disconnected or the issuer closed meanwhile; any other error must not be hidden.
      if (!isOver) throw error;
    });
  };
}

/** The target of the redirect has the ordinary response, so a test sees whether a client follows it. */
function elsewhere(path: string, state: IssuerState): Answer {
  if (!path.startsWith(ELSEWHERE)) return NOT_FOUND;
  const original = path.slice(ELSEWHERE.length);
  const target = targetOf(pathnameOf(original), state.endpoints);
  return target === undefined ? NOT_FOUND : ordinaryAnswer(original, target, state);
}

function ordinaryAnswer(
  path: string,
  target: RequestTarget,
  state: IssuerState,
  request?: IncomingMessage,
): Answer {
  return target === 'jwks' ? keySetAnswer(state, request) : discoveryAnswer(pathnameOf(path), state);
}

function keySetAnswer({ keySet, cacheControl }: IssuerState, request?: IncomingMessage): Answer {
  const caching = {
    ...keySet.validators,
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
  };
  if (request !== undefined && keySet.isKnownTo(request.headers)) {
    return { status: 304, headers: caching, body: Buffer.alloc(0) };
  }
  const headers = { 'content-type': 'application/jwk-set+json', ...caching };
  return { status: 200, headers, body: keySet.body };
}

function discoveryAnswer(pathname: string, { endpoints, keySet }: IssuerState): Answer {
  if (pathname !== endpoints.discoveryPath) return NOT_FOUND;
  const algorithms = [...new Set(keySet.keys.map(({ algorithm }) => algorithm))];
  const body = Buffer.from(JSON.stringify(metadataOf(endpoints, algorithms)));
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

const pathnameOf = (path: string): string => path.replace(/\?.*$/s, '');
