import type { Attributes, ReceivedSpan } from './received-span.js';

/** The part of an application that a span belongs to: its colour. */
export type Layer = 'server' | 'client' | 'jwt' | 'jwks' | 'app';

const SERVER = 2;
const CLIENT = 3;

/** The layer of a span. */
export function layerOf({ name, kind }: ReceivedSpan): Layer {
  if (kind === SERVER) return 'server';
  if (kind === CLIENT) return 'client';
  if (name.startsWith('jwt.')) return 'jwt';
  return name.startsWith('jwks.') || name.includes('keys') ? 'jwks' : 'app';
}

/** Which request to the issuer a span of the HTTP client is: from its `jwks.request`, else from its URL. */
function requestOf({ 'jwks.request': request, 'url.full': url }: Attributes): string {
  if (request !== undefined) return String(request);
  if (/\/\.well-known\/(openid|oauth)/.test(String(url))) return 'discovery';
  return /\/jwks(\?|$)/.test(String(url)) ? 'keys' : '';
}

/** A word or two for the label of a span: the result of a look-up, why a token was rejected, an HTTP status. */
export function noteOf({ name, kind, attributes }: ReceivedSpan): string {
  const textOf = (key: string): string => String(attributes[key] ?? '');
  if (name === 'jwt.authenticate') {
    if (attributes['jwt.token_cache.hit'] === true) return 'remembered';
    return textOf('jwt.rejection.reason') || textOf('jwt.result');
  }
  if (name === 'jwks.get_key') return textOf('jwks.cache.result');
  if (name === 'jwks.fetch') return `${textOf('jwks.fetch.trigger')} ${textOf('jwks.fetch.outcome')}`.trim();
  if (kind !== SERVER && kind !== CLIENT) return '';
  const status = textOf('http.response.status_code');
  const outcome = status === '' ? textOf('error.type') : `status ${status}`;
  return [kind === CLIENT ? requestOf(attributes) : '', outcome].filter(Boolean).join(' · ');
}
