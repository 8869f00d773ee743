import { randomBytes } from 'node:crypto';
import type { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import type { Demo } from './demo.js';
import type { ReceivedSpan } from './received-span.js';

/** The scopes of the demo's tokens. */
export const SCOPES = { read: 'read:orders', write: 'write:orders' } as const;

/** A request and its trace. */
export interface TracedCall {
  readonly status: number;
  readonly traceId: string;
  readonly spans: readonly ReceivedSpan[];
}

/**
 * Sends a request to the API and waits for its trace, which it finds by the `User-Agent`: with a `traceparent` the trace
 * would have a parent span that was never recorded.
 *
 * @throws DemoError when no trace arrives
 */
export async function callTraced(demo: Demo, app: ChildApp, token: string): Promise<TracedCall> {
  const agent = `demo/${randomBytes(4).toString('hex')}`;
  const headers = { authorization: `Bearer ${token}`, 'user-agent': agent };
  const answer = await fetch(`${app.url}/orders`, { headers });
  await answer.arrayBuffer();
  // The server span ends last, so the others have arrived when it does.
  const server = await demo.traces.find(({ attributes }) => attributes['user_agent.original'] === agent);
  if (server === undefined) throw new DemoError(`No trace was received from the ${app.name} application.`);
  const { traceId } = server;
  return { status: answer.status, traceId, spans: demo.traces.trace(traceId) };
}

/** The same with a new token. */
export async function callWithNewToken(demo: Demo, app: ChildApp): Promise<TracedCall> {
  return callTraced(demo, app, await demo.token(SCOPES.read));
}
