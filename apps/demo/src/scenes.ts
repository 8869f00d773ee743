import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError } from './demo.error.js';
import type { AppPair, Demo } from './demo.js';
import { durationOf, serviceOf, type ReceivedSpan } from './received-span.js';
import type { Scene, SceneTrace } from './scene.js';
import { mainSpans } from './span-tree.js';
import { callTraced, callWithNewToken, SCOPES, type TracedCall } from './traced-call.js';
import { formatMs } from './waterfall.js';

/** The applications of the later scenes: how long their keys stay fresh, and the suffix of their service names. */
export const SHORT_LIVED = { maxAgeMs: 2_000, suffix: '-2s' } as const;
const CACHE = 'naive: passport-jwt, and jwks-rsa with its cache, keys for 2 s';
const NO_CACHE = 'naive: passport-jwt, and jwks-rsa without its cache';
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
    result: `the first request takes ${lasted(ours)} with nestjs-jwks-auth, ${lasted(naive)} with jwks-rsa without its cache`,
    caption:
      'The first request of a new process. In the naive application it waits for the keys: look at the GET under “fetch ' +
      'the keys”. With nestjs-jwks-auth the application fetched them while it started, before any request (jwks.fetch · ' +
      'bootstrap: discovery, then the keys); its first request finds the key already loaded (jwks.get_key · hit).',
    applications: [
      { title: NO_CACHE, traces: [shown('the first request', naive)] },
      {
        title: OURS,
        traces: [before('the fetch at start', bootstrap), shown('the first request', ours)],
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
    result: `a request takes ${lasted(ours)} with nestjs-jwks-auth, ${lasted(naive)} with jwks-rsa without its cache`,
    caption:
      'Any later request. Without a cache each request waits for the keys as the first one did. With nestjs-jwks-auth a ' +
      'new token costs one look-up of a loaded key and one signature check; the same token again costs neither ' +
      '(jwt.authenticate · remembered).',
    applications: [
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
    result: `the next request takes ${lasted(ours)} with nestjs-jwks-auth, ${lasted(naive)} with the cache of jwks-rsa`,
    caption:
      'The keys have expired. In the naive application the cache is empty, so the next request waits for the issuer. With ' +
      'nestjs-jwks-auth no request waits: the keys were fetched again ahead of time, in the background (jwks.fetch · ' +
      'refresh).',
    applications: [
      { title: CACHE, traces: [shown('the request after the expiry', naive)] },
      {
        title: OURS_SHORT,
        traces: [before('the refresh in the background', refresh), shown('a request after the expiry', ours)],
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
    result: `the first request waits in both, ${lasted(ours)} with nestjs-jwks-auth, ${lasted(naive)} with jwks-rsa; the next one takes ${lasted(after)} with nestjs-jwks-auth`,
    caption:
      'The issuer signs with a new key that it did not publish beforehand: in both, one request has to wait. With ' +
      'nestjs-jwks-auth one fetch serves all waiting requests: the second one has jwks.get_key · coalesced, and a link ' +
      '(↗) to the fetch that it waited for. The next one finds the key loaded.',
    applications: [
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
    result: `a valid token gets ${ours.status} with nestjs-jwks-auth, ${naive.status} with jwks-rsa`,
    caption:
      'The issuer answers 503, and the keys have expired. In the naive application a valid token is refused after a ' +
      'wait: look at the fetch with the error (✖). With nestjs-jwks-auth the key is still there (jwks.get_key · stale), ' +
      'and only the refresh in the background has the error.',
    applications: [
      { title: CACHE, traces: [shown('a request with a valid token', naive)] },
      {
        title: OURS_SHORT,
        traces: [before('the refresh that failed', failed), shown('a request with a valid token', ours)],
      },
    ],
  };
}

/** The fetch of the keys at the start of the orders application. */
export const bootstrapFetch = (demo: Demo): Promise<ReceivedSpan> => fetchOf(demo, 'orders', 0);

const hasFetched = ({ spans }: TracedCall): boolean => spans.some(({ name }) => name === 'jwks.fetch');

const shown = (label: string, { status, traceId }: TracedCall): SceneTrace => ({
  label: `${label}: status ${status}`,
  traceId,
});

const before = (label: string, { traceId }: ReceivedSpan): SceneTrace => ({
  label: `before the request: ${label}`,
  traceId,
  isBefore: true,
});

/** What the page shows of a request, without the spans of the framework. */
const lasted = ({ spans }: TracedCall): string => formatMs(durationOf(mainSpans(spans)));

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
