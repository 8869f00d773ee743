import { expect, test } from 'vitest';
import { documentPath } from './document-path.js';

test.each([
  ['/', '/'],
  ['/orders', '/orders'],
  ['/orders/:id/lines/:line', '/orders/{id}/lines/{line}'],
  ['/orders/:"order-id"', '/orders/{order-id}'],
  ['/files/*path', '/files/{path}'],
  ['/files{/*path}', '/files/{path}'],
  ['/files/*', '/files/{path}'],
  ['/orders{/:page}', '/orders/{page}'],
  ['/orders\\:batch', '/orders:batch'],
  ['/orders/:id(^\\d+$)', '/orders/{id}'],
  ['/orders/:from-:to', '/orders/{from}-{to}'],
])('the route %s is the path %s', (route, path) => {
  expect(documentPath(route)).toBe(path);
});
