import type { ReceivedSpan } from './received-span.js';

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

/** A word or two for the label of a span: the result of a look-up, why a token was rejected, an HTTP status. */
export function noteOf({ name, kind, attributes }: ReceivedSpan): string {
  const textOf = (key: string): string => String(attributes[key] ?? '');
  if (name === 'jwt.authenticate') {
    if (attributes['jwt.token_cache.hit'] === true) return 'remembered';
    return textOf('jwt.rejection.reason') || textOf('jwt.result');
  }
  if (name === 'jwks.get_key') return textOf('jwks.cache.result');
  if (name === 'jwks.fetch') return `${textOf('jwks.fetch.trigger')} ${textOf('jwks.fetch.outcome')}`.trim();
  return kind === SERVER || kind === CLIENT
    ? textOf('http.response.status_code') || textOf('error.type')
    : '';
}
