import type { ReceivedSpan } from './received-span.js';

/** What the colours stand for. */
export type Layer = 'server' | 'client' | 'jwt' | 'jwks' | 'app';

const SERVER = 2;
const CLIENT = 3;

/** Which part of an application a span belongs to. */
export function layerOf({ name, kind }: ReceivedSpan): Layer {
  if (kind === SERVER) return 'server';
  if (kind === CLIENT) return 'client';
  if (name.startsWith('jwt.')) return 'jwt';
  return name.startsWith('jwks.') || name.includes('keys') ? 'jwks' : 'app';
}

/** What a span says in a word or two, for its label: how a look-up went, why a token was refused, an HTTP status. */
export function noteOf({ name, kind, attributes }: ReceivedSpan): string {
  const said = (key: string): string => String(attributes[key] ?? '');
  if (name === 'jwt.authenticate') {
    if (attributes['jwt.token_cache.hit'] === true) return 'remembered';
    return said('jwt.rejection.reason') || said('jwt.result');
  }
  if (name === 'jwks.get_key') return said('jwks.cache.result');
  if (name === 'jwks.fetch') return `${said('jwks.fetch.trigger')} ${said('jwks.fetch.outcome')}`.trim();
  return kind === SERVER || kind === CLIENT ? said('http.response.status_code') || said('error.type') : '';
}
