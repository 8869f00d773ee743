import { describe, expect, it } from 'vitest';
import { receivedSpan } from '../../../test/support/received-span.js';
import { layerOf, noteOf } from './span-reading.js';

describe('the reading of a span', () => {
  it.each([
    ['GET /orders', 2, 'server'],
    ['GET', 3, 'client'],
    ['jwt.verify', 1, 'jwt'],
    ['jwks.get_key', 1, 'jwks'],
    ['fetch the keys', 1, 'jwks'],
    ['request handler', 1, 'app'],
  ])('puts %s of kind %i into the layer %s', (name, kind, layer) => {
    expect(layerOf(receivedSpan({ name, kind }))).toBe(layer);
  });

  it.each([
    ['jwt.authenticate', { 'jwt.result': 'accepted', 'jwt.token_cache.hit': false }, 'accepted'],
    ['jwt.authenticate', { 'jwt.result': 'accepted', 'jwt.token_cache.hit': true }, 'remembered'],
    ['jwt.authenticate', { 'jwt.result': 'rejected', 'jwt.rejection.reason': 'expired' }, 'expired'],
    ['jwks.get_key', { 'jwks.cache.result': 'stale' }, 'stale'],
    ['jwks.fetch', { 'jwks.fetch.trigger': 'refresh', 'jwks.fetch.outcome': 'rejected' }, 'refresh rejected'],
    ['jwks.fetch', { 'jwks.fetch.trigger': 'refresh' }, 'refresh'],
    ['jwt.verify', { 'jwt.alg': 'RS256' }, ''],
  ])('says of %s with %j: %s', (name, attributes, note) => {
    expect(noteOf(receivedSpan({ name, attributes }))).toBe(note);
  });

  it('notes of an HTTP request its status, or the error instead of one', () => {
    const status = { 'http.response.status_code': 503, 'error.type': '503' };
    expect(noteOf(receivedSpan({ name: 'GET', kind: 3, attributes: status }))).toBe('status 503');
    const refused = { 'error.type': 'ECONNREFUSED' };
    expect(noteOf(receivedSpan({ name: 'GET', kind: 3, attributes: refused }))).toBe('ECONNREFUSED');
  });

  it.each([
    ['discovery', { 'jwks.request': 'discovery', 'url.full': 'http://127.0.0.1/jwks' }],
    ['keys', { 'jwks.request': 'keys' }],
    ['discovery', { 'url.full': 'http://127.0.0.1/tenant/.well-known/openid-configuration' }],
    ['keys', { 'url.full': 'http://127.0.0.1/jwks' }],
    ['', { 'url.full': 'http://127.0.0.1/users' }],
  ])('names the request to an issuer: %s for %j', (request, attributes) => {
    const answered = { ...attributes, 'http.response.status_code': 200 };
    const note = [request, 'status 200'].filter(Boolean).join(' · ');
    expect(noteOf(receivedSpan({ name: 'GET', kind: 3, attributes: answered }))).toBe(note);
    expect(noteOf(receivedSpan({ name: 'GET', kind: 2, attributes: answered }))).toBe('status 200');
  });
});
