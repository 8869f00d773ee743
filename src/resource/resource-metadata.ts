import { badOption } from '../common/option-checks.js';
import type { Endpoint, EndpointRequest, EndpointResponse } from '../endpoint/endpoint.js';
import { WELL_KNOWN_PATH, type ResolvedResource } from './resource.options.js';

/** One place at which a document is served. */
interface Location {
  /** As a client writes it into `Host`. */
  readonly host: string;
  readonly path: string;
  /** With its question mark; empty without one. */
  readonly query: string;
  readonly document: object;
}

/** Documents are public: scripts of every origin may read them. */
const CORS = { 'access-control-allow-origin': '*' };
const CACHING = { 'cache-control': 'public, max-age=300' };

/**
 * The endpoints that serve the metadata of protected resources (RFC 9728 §3.2): one for each path. Several documents at one
 * path belong to several hosts, or to several queries.
 *
 * @throws TypeError for two resources whose documents have the same URL
 */
export function metadataEndpoints(resources: readonly ResolvedResource[]): readonly Endpoint[] {
  const locations = resources.flatMap(locationsOf);
  const urls = locations.map(({ host, path, query }) => host + path + query);
  const twice = urls.find((url, index) => urls.indexOf(url) !== index);
  if (twice !== undefined) throw badOption('resource', `has its metadata at ${twice}, as another resource`);
  const byPath = Map.groupBy(locations, ({ path }) => path);
  return [...byPath].map(([path, ofPath]) => ({
    path,
    headers: CORS,
    methods: { GET: (request) => documentFor(request, ofPath), OPTIONS: preflight },
  }));
}

function locationsOf({ metadataUrl, alsoAtRoot, document }: ResolvedResource): readonly Location[] {
  const { host, pathname: path, search: query } = new URL(metadataUrl);
  const own = { host, path, query, document };
  if (!alsoAtRoot || (path === WELL_KNOWN_PATH && query === '')) return [own];
  return [own, { ...own, path: WELL_KNOWN_PATH, query: '' }];
}

function documentFor(
  { url = '', headers }: EndpointRequest,
  locations: readonly Location[],
): EndpointResponse {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const named = locations.filter((one) => one.query === query);
  const candidates = named.length > 0 ? named : locations.filter((one) => one.query === '');
  const host = headers.host?.toLowerCase();
  // A proxy may have put another host here: what is served is configured in any case.
  const location = candidates.find((one) => one.host === host) ?? candidates[0];
  return location === undefined
    ? { status: 404 }
    : { status: 200, headers: CACHING, body: location.document };
}

/** A preflight request (Fetch Standard §3.3): clients send headers of their own, such as `MCP-Protocol-Version`. */
function preflight({ headers }: EndpointRequest): EndpointResponse {
  const requested = headers['access-control-request-headers'];
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      ...(requested !== undefined && { 'access-control-allow-headers': requested }),
      vary: 'Access-Control-Request-Headers',
    },
  };
}
