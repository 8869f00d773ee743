/** What a message of a client uses: a tool that it calls, a prompt that it gets, a resource that it reads. */
export interface McpUse {
  readonly kind: 'tool' | 'prompt' | 'resource';
  /** The name, or the URI of the resource. */
  readonly name: string;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * What the messages in the body of a request use (JSON-RPC 2.0): one message, or a batch.
 *
 * @returns undefined for a body that holds anything else, such as one that no parser has read: a server may read it in its
 * own way
 */
export function usesIn(body: unknown): readonly McpUse[] | undefined {
  try {
    return (Array.isArray(body) ? body : [body]).flatMap(usesOf);
  } catch (error) {
    if (error === UNREADABLE) return undefined;
    throw error;
  }
}

/** True for a request whose response is a stream without an end: `subscriptions/listen`, or GET before 2026-07-28. */
export const opensStream = (method: string | undefined, body: unknown): boolean =>
  method === 'GET' ||
  (typeof body === 'object' && body !== null && (body as Members)['method'] === 'subscriptions/listen');

const UNREADABLE = Symbol('unreadable');

function usesOf(message: unknown): readonly McpUse[] {
  const method = member(message, 'method');
  if (method === undefined) {
    // A response of the client has a result or an error, and uses nothing.
    if (member(message, 'result') !== undefined || member(message, 'error') !== undefined) return [];
    throw UNREADABLE;
  }
  if (typeof method !== 'string') throw UNREADABLE;
  const read = Object.hasOwn(READERS, method) ? READERS[method] : undefined;
  return read === undefined ? [] : read(member(message, 'params'));
}

const READERS: Readonly<Record<string, (params: unknown) => readonly McpUse[]>> = {
  'tools/call': (params) => [use('tool', member(params, 'name'))],
  'prompts/get': (params) => [use('prompt', member(params, 'name'))],
  'resources/read': (params) => [use('resource', member(params, 'uri'))],
  'resources/subscribe': (params) => [use('resource', member(params, 'uri'))],
  'completion/complete': (params) => [reference(member(params, 'ref'))],
  'subscriptions/listen': (params) => {
    const notifications = member(params, 'notifications');
    const uris = notifications === undefined ? [] : (member(notifications, 'resourceSubscriptions') ?? []);
    if (!Array.isArray(uris)) throw UNREADABLE;
    return uris.map((uri: unknown) => use('resource', uri));
  },
};

/** What a completion is for: an argument of a prompt, or of a template. */
const reference = (ref: unknown): McpUse =>
  member(ref, 'type') === 'ref/prompt'
    ? use('prompt', member(ref, 'name'))
    : use('resource', member(ref, 'uri'));

function use(kind: McpUse['kind'], name: unknown): McpUse {
  if (typeof name !== 'string') throw UNREADABLE;
  return { kind, name };
}

/** An own member of a plain object. What is inherited would be read by some servers, and not by others. */
function member(value: unknown, name: string): unknown {
  if (!isPlain(value)) throw UNREADABLE;
  if (Object.hasOwn(value, name)) return value[name];
  if (name in value) throw UNREADABLE;
  return undefined;
}

function isPlain(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
