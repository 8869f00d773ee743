import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError } from './demo.error.js';
import type { AppPair, Demo } from './demo.js';
import { serviceOf, type ReceivedSpan } from './received-span.js';
import type { Scene, SceneTrace } from './scene.js';
import { callTraced, callWithNewToken, SCOPES, type TracedCall } from './traced-call.js';

/** How long keys last in the applications of the later scenes, in milliseconds, and how their services are told apart. */
export const SHORT_LIVED = { maxAgeMs: 2_000, suffix: '-2s' } as const;
const CACHE = 'naive: jwks-rsa with its cache, keys for 2 s';
const NO_CACHE = 'naive: jwks-rsa without its cache';
const OURS = 'nestjs-jwks-auth';
const OURS_SHORT = 'nestjs-jwks-auth, keys for 2 s';

/** The first request of each application, and what ours did before it. */
export async function stageColdStart(demo: Demo): Promise<Scene> {
  const bootstrap = await fetchOf(demo, 'orders', 0);
  const naive = await callWithNewToken(demo, demo.apps.naive);
  const ours = await callWithNewToken(demo, demo.apps.orders);
  return {
    id: 'cold',
    title: 'Cold start',
    caption:
      'The first request of a fresh process. On the left it waits for the keys: look at the GET under “fetch the keys”. ' +
      'On the right the keys came while the application started, in a trace of its own (jwks.fetch · bootstrap); the ' +
      'first request finds them in memory (jwks.get_key · hit).',
    columns: [
      { title: NO_CACHE, traces: [shown('the first request', naive)] },
      {
        title: OURS,
        traces: [
          shown('the first request', ours),
          { label: 'before it: the keys, at start', traceId: bootstrap.traceId },
        ],
      },
    ],
  };
}

/** Every request of a day: a token never seen, and one seen before. */
export async function stageWarm(demo: Demo): Promise<{ scene: Scene; naive: TracedCall; ours: TracedCall }> {
  const naive = await callWithNewToken(demo, demo.apps.naive);
  const token = await demo.token(SCOPES.read);
  const ours = await callTraced(demo, demo.apps.orders, token);
  const again = await callTraced(demo, demo.apps.orders, token);
  const scene: Scene = {
    id: 'warm',
    title: 'Warm',
    caption:
      'Any later request. Without a cache the left one waits as the first did. On the right a token never seen before ' +
      'costs a look-up in memory and one signature check; the same token again costs neither (jwt.authenticate · remembered).',
    columns: [
      { title: NO_CACHE, traces: [shown('any request', naive)] },
      {
        title: OURS,
        traces: [shown('a token never seen before', ours), shown('the same token again', again)],
      },
    ],
  };
  return { scene, naive, ours };
}

/** Keys reach their age: one of the two lets a request pay for it. */
export async function stageExpiry(demo: Demo, pair: AppPair): Promise<Scene> {
  const begun = Date.now();
  // Neither is to show its first request.
  await callWithNewToken(demo, pair.orders);
  await callWithNewToken(demo, pair.naive);
  const cachedAt = Date.now();
  const refresh = await fetchOf(demo, `orders${SHORT_LIVED.suffix}`, begun, 'refresh');
  await until(cachedAt + SHORT_LIVED.maxAgeMs + 100);
  const naive = await callWithNewToken(demo, pair.naive);
  const ours = await callWithNewToken(demo, pair.orders);
  return {
    id: 'expiry',
    title: 'Key expiry',
    caption:
      'The keys have reached their age. A cache that has run out makes the next request wait for the issuer, on the left. ' +
      'On the right nobody waits: the keys were asked for ahead of time, in the background (jwks.fetch · refresh).',
    columns: [
      { title: CACHE, traces: [shown('the request after the expiry', naive)] },
      {
        title: OURS_SHORT,
        traces: [
          shown('a request after the expiry', ours),
          { label: 'ahead of it: the refresh in the background', traceId: refresh.traceId },
        ],
      },
    ],
  };
}

/** The issuer signs with a new key, and nobody was told. */
export async function stageRotation(demo: Demo, pair: AppPair): Promise<Scene> {
  await demo.rotate();
  const tokens = await Promise.all([SCOPES.read, SCOPES.read, SCOPES.read].map((scope) => demo.token(scope)));
  const [first = '', second = '', third = ''] = tokens;
  const naive = await callWithNewToken(demo, pair.naive);
  const together = await Promise.all(
    [first, second].map((token) => callTraced(demo, demo.apps.orders, token)),
  );
  // Which of them came first is up to the network.
  const [ours, meanwhile] = together.toSorted((a, b) => Number(hasFetched(b)) - Number(hasFetched(a)));
  const after = await callTraced(demo, demo.apps.orders, third);
  if (ours === undefined || meanwhile === undefined) throw new DemoError('The calls are gone.');
  return {
    id: 'rotation',
    title: 'Rotation',
    caption:
      'The issuer signs with a new key without having published it before: this once a request has to wait in both. ' +
      'On the right one question serves all who wait: the second request has jwks.get_key · coalesced, and a link (↗) to ' +
      'the fetch that it waited for. The next one finds the key in memory.',
    columns: [
      { title: CACHE, traces: [shown('the first request with the new key', naive)] },
      {
        title: OURS,
        traces: [
          shown('the first request with the new key', ours),
          shown('another one at the same time', meanwhile),
          shown('the next one', after),
        ],
      },
    ],
  };
}

/** The issuer answers 503, and the keys have reached their age. */
export async function stageOutage(demo: Demo, pair: AppPair): Promise<Scene> {
  const service = `orders${SHORT_LIVED.suffix}`;
  // With the keys of the last rotation, and late enough for those in the other's cache to run out.
  await fetchOf(demo, service, Date.now(), 'refresh');
  const cachedAt = Date.now();
  await demo.breakIssuer();
  const failed = await fetchOf(demo, service, cachedAt - SHORT_LIVED.maxAgeMs, 'refresh', 'rejected');
  await until(Math.max(failed.startMs, cachedAt) + SHORT_LIVED.maxAgeMs);
  const naive = await callWithNewToken(demo, pair.naive);
  const ours = await callWithNewToken(demo, pair.orders);
  await demo.mendIssuer();
  return {
    id: 'outage',
    title: 'Outage',
    caption:
      'The issuer answers 503, and the keys are past their age. On the left a good token gets 401 after a wait: look at ' +
      'the fetch with the error (✖). On the right the request is served from the keys in memory (jwks.get_key · stale), ' +
      'and only the refresh in the background has the error.',
    columns: [
      { title: CACHE, traces: [shown('a request with a good token', naive)] },
      {
        title: OURS_SHORT,
        traces: [
          shown('a request with a good token', ours),
          { label: 'before it: the refresh that failed', traceId: failed.traceId },
        ],
      },
    ],
  };
}

const hasFetched = ({ spans }: TracedCall): boolean => spans.some(({ name }) => name === 'jwks.fetch');

const shown = (label: string, { status, traceId }: TracedCall): SceneTrace => ({
  label: `${label}: ${status}`,
  traceId,
});

/** The first fetch of a service that started at or after `sinceMs`, for this reason and, where it matters, with this end. */
async function fetchOf(
  demo: Demo,
  service: string,
  sinceMs: number,
  trigger = 'bootstrap',
  outcome?: string,
): Promise<ReceivedSpan> {
  const span = await demo.traces.find(
    (candidate) =>
      candidate.name === 'jwks.fetch' &&
      candidate.startMs >= sinceMs &&
      serviceOf(candidate) === service &&
      candidate.attributes['jwks.fetch.trigger'] === trigger &&
      (outcome === undefined || candidate.attributes['jwks.fetch.outcome'] === outcome),
  );
  if (span === undefined) throw new DemoError(`No jwks.fetch (${trigger}) came from ${service}.`);
  return span;
}

/** Waits for a time of day; the demo can end meanwhile. */
const until = (timeMs: number): Promise<void> =>
  sleep(Math.max(0, timeMs - Date.now()), undefined, { ref: false });
