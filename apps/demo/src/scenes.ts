import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError } from './demo.error.js';
import type { AppPair, Demo } from './demo.js';
import { serviceOf, type ReceivedSpan } from './received-span.js';
import type { Scene, SceneTrace } from './scene.js';
import { callTraced, callWithNewToken, SCOPES, type TracedCall } from './traced-call.js';

/** The applications of the later scenes: how long their keys stay fresh, and the suffix of their service names. */
export const SHORT_LIVED = { maxAgeMs: 2_000, suffix: '-2s' } as const;
const CACHE = 'naive: jwks-rsa with its cache, keys for 2 s';
const NO_CACHE = 'naive: jwks-rsa without its cache';
const OURS = 'nestjs-jwks-auth';
const OURS_SHORT = 'nestjs-jwks-auth, keys for 2 s';

/** The first request of each application, and the fetch at the start of ours. */
export async function stageColdStart(demo: Demo): Promise<Scene> {
  const bootstrap = await bootstrapFetch(demo);
  const naive = await callWithNewToken(demo, demo.apps.naive);
  const ours = await callWithNewToken(demo, demo.apps.orders);
  return {
    id: 'cold',
    title: 'Cold start',
    caption:
      'The first request of a new process. On the left it waits for the keys: look at the GET under “fetch the keys”. ' +
      'On the right the application fetched the keys while it started, in a trace of its own (jwks.fetch · bootstrap); ' +
      'the first request takes its key from memory (jwks.get_key · hit).',
    columns: [
      { title: NO_CACHE, traces: [shown('the first request', naive)] },
      {
        title: OURS,
        traces: [
          shown('the first request', ours),
          { label: 'before it: the fetch at start', traceId: bootstrap.traceId },
        ],
      },
    ],
  };
}

/** Any later request: with a new token, and with one seen before. */
export async function stageWarm(demo: Demo): Promise<{ scene: Scene; naive: TracedCall; ours: TracedCall }> {
  const naive = await callWithNewToken(demo, demo.apps.naive);
  const token = await demo.token(SCOPES.read);
  const ours = await callTraced(demo, demo.apps.orders, token);
  const again = await callTraced(demo, demo.apps.orders, token);
  const scene: Scene = {
    id: 'warm',
    title: 'Warm',
    caption:
      'Any later request. On the left there is no cache, so each request waits for the keys as the first one did. On the ' +
      'right a new token costs one look-up in memory and one signature check; the same token again costs neither ' +
      '(jwt.authenticate · remembered).',
    columns: [
      { title: NO_CACHE, traces: [shown('any request', naive)] },
      {
        title: OURS,
        traces: [shown('a new token', ours), shown('the same token again', again)],
      },
    ],
  };
  return { scene, naive, ours };
}

/** The keys expire: in one of the two, a request waits for the new ones. */
export async function stageExpiry(demo: Demo, pair: AppPair): Promise<Scene> {
  const begun = Date.now();
  // The scene is not about the first request of either.
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
      'The keys have expired. On the left the cache is empty, so the next request waits for the issuer. On the right no ' +
      'request waits: the keys were fetched again ahead of time, in the background (jwks.fetch · refresh).',
    columns: [
      { title: CACHE, traces: [shown('the request after the expiry', naive)] },
      {
        title: OURS_SHORT,
        traces: [
          shown('a request after the expiry', ours),
          { label: 'before it: the refresh in the background', traceId: refresh.traceId },
        ],
      },
    ],
  };
}

/** The issuer signs with a new key without notice. */
export async function stageRotation(demo: Demo, pair: AppPair): Promise<Scene> {
  await demo.rotate();
  const tokens = await Promise.all([SCOPES.read, SCOPES.read, SCOPES.read].map((scope) => demo.token(scope)));
  const [first = '', second = '', third = ''] = tokens;
  const naive = await callWithNewToken(demo, pair.naive);
  const together = await Promise.all(
    [first, second].map((token) => callTraced(demo, demo.apps.orders, token)),
  );
  // Either of them may have arrived first.
  const [ours, meanwhile] = together.toSorted((a, b) => Number(hasFetched(b)) - Number(hasFetched(a)));
  const after = await callTraced(demo, demo.apps.orders, third);
  if (ours === undefined || meanwhile === undefined)
    throw new DemoError('A request of the rotation has no trace.');
  return {
    id: 'rotation',
    title: 'Rotation',
    caption:
      'The issuer signs with a new key that it did not publish beforehand: in both, one request has to wait. On the ' +
      'right one fetch serves all waiting requests: the second one has jwks.get_key · coalesced, and a link (↗) to the ' +
      'fetch that it waited for. The next one takes the key from memory.',
    columns: [
      { title: CACHE, traces: [shown('the first request with the new key', naive)] },
      {
        title: OURS,
        traces: [
          shown('the first request with the new key', ours),
          shown('another request at the same time', meanwhile),
          shown('the next request', after),
        ],
      },
    ],
  };
}

/** The issuer answers 503, and the keys have expired. */
export async function stageOutage(demo: Demo, pair: AppPair): Promise<Scene> {
  const service = `orders${SHORT_LIVED.suffix}`;
  // After this refresh ours has the key of the last rotation; from here the keys in both expire.
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
      'The issuer answers 503, and the keys have expired. On the left a valid token gets 401 after a wait: look at the ' +
      'fetch with the error (✖). On the right the key still comes from memory (jwks.get_key · stale), and only the ' +
      'refresh in the background has the error.',
    columns: [
      { title: CACHE, traces: [shown('a request with a valid token', naive)] },
      {
        title: OURS_SHORT,
        traces: [
          shown('a request with a valid token', ours),
          { label: 'before it: the refresh that failed', traceId: failed.traceId },
        ],
      },
    ],
  };
}

/** The fetch of the keys at the start of the orders application. */
export const bootstrapFetch = (demo: Demo): Promise<ReceivedSpan> => fetchOf(demo, 'orders', 0);

const hasFetched = ({ spans }: TracedCall): boolean => spans.some(({ name }) => name === 'jwks.fetch');

const shown = (label: string, { status, traceId }: TracedCall): SceneTrace => ({
  label: `${label}: ${status}`,
  traceId,
});

/** The first fetch of a service that started at or after `sinceMs`, by its trigger and, if given, its outcome. */
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
  if (span === undefined) throw new DemoError(`No jwks.fetch (${trigger}) was received from ${service}.`);
  return span;
}

/** Waits until this time, without keeping the process alive. */
const until = (timeMs: number): Promise<void> =>
  sleep(Math.max(0, timeMs - Date.now()), undefined, { ref: false });
