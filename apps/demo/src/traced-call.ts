import { randomBytes } from 'node:crypto';
import type { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import type { Demo } from './demo.js';
import type { ReceivedSpan } from './received-span.js';

/** What a token of the demo may do. */
export const SCOPES = { read: 'read:orders', write: 'write:orders' } as const;

/** A call, and what the application traced of it. */
export interface TracedCall {
  readonly status: number;
  readonly traceId: string;
  readonly spans: readonly ReceivedSpan[];
}

/**
 * Calls the API, and waits for the trace. The call is known by its `User-Agent`: a `traceparent` would name a parent
 * that nobody can show.
 *
 * @throws DemoError when no trace comes
 */
export async function callTraced(demo: Demo, app: ChildApp, token: string): Promise<TracedCall> {
  const agent = `demo/${randomBytes(4).toString('hex')}`;
  const headers = { authorization: `Bearer ${token}`, 'user-agent': agent };
  const answer = await fetch(`${app.url}/orders`, { headers });
  await answer.arrayBuffer();
  // The server span ends last, so that the others are there when it comes.
  const server = await demo.traces.find(({ attributes }) => attributes['user_agent.original'] === agent);
  if (server === undefined) throw new DemoError(`No trace came from the ${app.name} application.`);
  const { traceId } = server;
  return { status: answer.status, traceId, spans: demo.traces.trace(traceId) };
}

/** The same with a token that no application has seen. */
export async function callWithNewToken(demo: Demo, app: ChildApp): Promise<TracedCall> {
  return callTraced(demo, app, await demo.token(SCOPES.read));
}
