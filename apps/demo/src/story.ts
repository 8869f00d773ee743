import type { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import { ISSUER_LATENCY_MS, type AppPair, type Demo } from './demo.js';
import { durationOf, type ReceivedSpan } from './received-span.js';
import type { Scene } from './scene.js';
import {
  bootstrapFetch,
  SHORT_LIVED,
  stageColdStart,
  stageExpiry,
  stageOutage,
  stageRotation,
  stageWarm,
} from './scenes.js';
import { SCOPES, type TracedCall } from './traced-call.js';
import { mainSpans } from './span-tree.js';
import { formatMs, waterfall } from './waterfall.js';

const colours = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const bold = (text: string): string => (colours ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string): string => (colours ? `\u001b[2m${text}\u001b[0m` : text);

/** The later scenes, each with one sentence for the terminal; the page has the scene's caption. */
const SCENES = [
  {
    stage: stageExpiry,
    summary: 'the keys have expired; one fetches them in a request, the other has refreshed them before.',
  },
  {
    stage: stageRotation,
    summary: 'the issuer signs with a new key without notice; in both, the first request waits for a fetch.',
  },
  {
    stage: stageOutage,
    summary:
      'the issuer answers 503 and the keys have expired; a valid token gets 401, or 200 from the keys at hand.',
  },
] as const;

/** What the terminal may refer to. */
export interface StoryOptions {
  /** Whether the demo keeps running afterwards: only then are its addresses printed. */
  readonly staysUp: boolean;
}

/**
 * Plays every scene, prints the terminal's part of it, and puts all of them on the page.
 *
 * @throws DemoError when an answer is not the expected one, or a trace is missing
 */
export async function playStory(demo: Demo, { staysUp }: StoryOptions): Promise<void> {
  const { issuer, apps, page } = demo;
  console.log(bold('An API guarded by nestjs-jwks-auth, and a real OpenID provider'));
  const at = (url: string): string => (staysUp ? `  ${dim(url)}` : '');
  console.log(`  orders  the API${at(apps.orders.url)}`);
  console.log(`  naive   the same API with passport-jwt and jwks-rsa${at(apps.naive.url)}`);
  console.log(`  issuer  the OpenID provider${at(issuer.url)}`);
  if (staysUp) console.log(`\nFlame graphs of every trace: ${bold(page.url)}`);
  // First of all: it shows the first request of each application.
  page.show(await stageColdStart(demo));
  const starting = demo.startPair(SHORT_LIVED.suffix, SHORT_LIVED.maxAgeMs);
  const [pair] = await Promise.all([starting, printCalls(demo)]);
  await printWaterfalls(demo);
  await printScenes(demo, pair);
  if (staysUp) await printInvitation(demo);
  else
    console.log(
      '\nEverything has ended. Without --once the demo keeps running, with flame graphs in the browser and a token to try.',
    );
}

async function printCalls(demo: Demo): Promise<void> {
  const { orders } = demo.apps;
  const reader = await demo.token(SCOPES.read);
  const writer = await demo.token(`${SCOPES.read} ${SCOPES.write}`);
  console.log(`\n${bold('What the guard answers')}\n`);
  await call(orders, 'GET /health', 'no token', undefined, 200);
  await call(orders, 'GET /orders', 'no token', undefined, 401);
  await call(orders, 'GET /orders', 'valid token', reader, 200);
  await call(orders, 'GET /orders', 'forged signature', `${reader.slice(0, -6)}AAAAAA`, 401);
  await call(orders, 'POST /orders', `only ${SCOPES.read}`, reader, 403);
  await call(orders, 'POST /orders', SCOPES.write, writer, 201);
  await call(orders, 'GET /orders/me', 'valid token', writer, 200);
}

/** Makes one request and prints it with its answer. */
async function call(
  app: ChildApp,
  what: string,
  how: string,
  token: string | undefined,
  expected: number,
): Promise<void> {
  const [method = '', path = ''] = what.split(' ');
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(app.url + path, { method, headers });
  const challenge = answer.headers.get('www-authenticate')?.replace(/, error_description="[^"]*"/, '');
  const body = await answer.text();
  console.log(`  ${what.padEnd(15)} ${how.padEnd(18)} ${bold(String(answer.status))}  ${challenge ?? body}`);
  if (answer.status !== expected)
    throw new DemoError(`${what} answered ${answer.status}, not ${expected}: ${body}`);
}

/** The fetch at start and the two requests, on one time axis. */
async function printWaterfalls(demo: Demo): Promise<void> {
  const warm = await stageWarm(demo);
  demo.page.show(warm.scene);
  const start = mainSpans(demo.traces.trace((await bootstrapFetch(demo)).traceId));
  const naive = mainSpans(accepted(warm.naive));
  const ours = mainSpans(accepted(warm.ours));
  const options = { scaleMs: Math.max(...[start, naive, ours].map(durationOf)), colours };
  const print = (title: string, note: string, spans: readonly ReceivedSpan[]): void => {
    console.log(`\n  ${title} ${dim(`(${note})`)}`);
    console.log(waterfall(spans, options).join('\n'));
  };
  console.log(
    `\n${bold('When the keys are fetched')} ${dim(`(the issuer answers after ${ISSUER_LATENCY_MS} ms; one time axis for all three)`)}`,
  );
  print('At start, before the first request: the keys are fetched', 'nestjs-jwks-auth', start);
  print(
    'A request without a key cache: it fetches the keys',
    'naive: passport-jwt, jwks-rsa without its cache',
    naive,
  );
  print('A request with a new token: the key is already loaded', 'nestjs-jwks-auth', ours);
  const ratio = Math.round(durationOf(naive) / durationOf(ours));
  console.log(
    `\n  The requests took ${formatMs(durationOf(naive))} and ${formatMs(durationOf(ours))}: a factor of ${ratio}.`,
  );
}

/** The scenes that need short-lived keys, as they are played. */
async function printScenes(demo: Demo, pair: AppPair): Promise<void> {
  console.log(`\n${bold('When keys expire, change, or the issuer is down')}`);
  for (const { stage, summary } of SCENES) {
    const scene = await stage(demo, pair);
    demo.page.show(scene);
    printScene(demo, scene, summary);
  }
  await Promise.all([pair.orders.stop(), pair.naive.stop()]);
}

/** The summary, and one line for each application: its request, the status, the duration. */
function printScene(demo: Demo, { title, applications }: Scene, summary: string): void {
  console.log(`\n  ${bold(title)}: ${summary}`);
  for (const { title: application, traces } of applications) {
    const request = traces.find(({ isBefore }) => !isBefore);
    if (request === undefined) continue;
    const took = formatMs(durationOf(mainSpans(demo.traces.trace(request.traceId))));
    console.log(
      `    ${application.replace(/:.*/, '').padEnd(32)} ${request.label.padEnd(47)} ${took.padStart(8)}`,
    );
  }
}

async function printInvitation(demo: Demo): Promise<void> {
  const token = await demo.token(`${SCOPES.read} ${SCOPES.write}`);
  console.log(`\n${bold('Try it')} ${dim('(the token is valid for an hour)')}\n`);
  console.log(`curl -i -H "Authorization: Bearer ${token}" ${demo.apps.orders.url}/orders/me`);
}

/** The spans of a request that was accepted. */
function accepted({ status, spans }: TracedCall): readonly ReceivedSpan[] {
  if (status !== 200) throw new DemoError(`An application answered ${status} to a valid token.`);
  return spans;
}
