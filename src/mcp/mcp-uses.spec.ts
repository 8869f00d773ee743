import { describe, expect, it } from 'vitest';
import { opensStream, usesIn } from './mcp-uses.js';

const message = (method: unknown, params?: unknown) => ({ jsonrpc: '2.0', id: 1, method, params });
const inheriting = (members: object) => Object.create(members) as object;

describe('what a message uses', () => {
  it.each([
    [message('tools/call', { name: 'a' }), [{ kind: 'tool', name: 'a' }]],
    [message('prompts/get', { name: 'a' }), [{ kind: 'prompt', name: 'a' }]],
    [message('resources/read', { uri: 'x://a' }), [{ kind: 'resource', name: 'x://a' }]],
    [message('resources/subscribe', { uri: 'x://a' }), [{ kind: 'resource', name: 'x://a' }]],
    [
      message('completion/complete', { ref: { type: 'ref/prompt', name: 'a' } }),
      [{ kind: 'prompt', name: 'a' }],
    ],
    [
      message('completion/complete', { ref: { type: 'ref/resource', uri: 'x://{a}' } }),
      [{ kind: 'resource', name: 'x://{a}' }],
    ],
    [
      message('subscriptions/listen', { notifications: { resourceSubscriptions: ['x://a', 'x://b'] } }),
      [
        { kind: 'resource', name: 'x://a' },
        { kind: 'resource', name: 'x://b' },
      ],
    ],
    [message('subscriptions/listen', { notifications: { toolsListChanged: true } }), []],
    [message('subscriptions/listen', {}), []],
    [message('tools/list'), []],
    [message('initialize', {}), []],
    [message('toString', {}), []],
    [{ jsonrpc: '2.0', id: 1, result: {} }, []],
    [{ jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }, []],
    [[], []],
    [
      [message('tools/call', { name: 'a' }), message('tools/call', { name: 'b' })],
      [
        { kind: 'tool', name: 'a' },
        { kind: 'tool', name: 'b' },
      ],
    ],
  ])('%j', (body, uses) => {
    expect(usesIn(body)).toEqual(uses);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', JSON.stringify(message('tools/list'))],
    ['bytes', Buffer.from(JSON.stringify(message('tools/list')))],
    ['an empty object', {}],
    ['a method that is no string', message(['tools/call'], { name: 'a' })],
    ['an inherited method', inheriting(message('tools/call', { name: 'a' }))],
    ['inherited params', Object.assign(inheriting({ params: { name: 'a' } }), { method: 'tools/call' })],
    ['an inherited name', message('tools/call', inheriting({ name: 'a' }))],
    ['params that are an array', message('tools/call', ['a'])],
    ['no params', message('tools/call')],
    ['a name that is no string', message('tools/call', { name: { toString: () => 'a' } })],
    ['no uri', message('resources/read', {})],
    [
      'subscriptions that are no array',
      message('subscriptions/listen', { notifications: { resourceSubscriptions: 'x' } }),
    ],
    ['a batch in a batch', [[message('tools/list')]]],
    ['something else in a batch', [message('tools/list'), 1]],
  ])('is unknown: %s', (_, body) => {
    expect(usesIn(body)).toBeUndefined();
  });
});

it('streams without an end are subscriptions, and GET', () => {
  expect(opensStream('POST', message('subscriptions/listen', {}))).toBe(true);
  expect(opensStream('GET', undefined)).toBe(true);
  expect(opensStream('POST', message('tools/call', {}))).toBe(false);
  expect(opensStream('POST', undefined)).toBe(false);
});
