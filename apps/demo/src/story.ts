import type { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import { ISSUER_LATENCY_MS, type AppPair, type Demo } from './demo.js';
import type { ReceivedSpan } from './received-span.js';
import type { Scene } from './scene.js';
import { SHORT_LIVED, stageColdStart, stageExpiry, stageOutage, stageRotation, stageWarm } from './scenes.js';
import { SCOPES, type TracedCall } from './traced-call.js';
import { toldOf } from './span-tree.js';
import { formatMs, waterfall } from './waterfall.js';

const colours = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const bold = (text: string): string => (colours ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string): string => (colours ? `\u001b[2m${text}\u001b[0m` : text);

/** @throws DemoError when something does not answer as it should */
export async function tell(demo: Demo): Promise<void> {
  const { issuer, apps, page } = demo;
  console.log(bold('An API guarded by nestjs-jwks-auth, and a real OpenID provider'));
  console.log(dim(`  issuer ${issuer.url}   orders ${apps.orders.url}   naive ${apps.naive.url}`));
  console.log(`  flame graphs of all this: ${bold(page.url)}\n`);
  // Nothing but this may have asked before.
  page.show(await stageColdStart(demo));
  const starting = demo.startPair(SHORT_LIVED.suffix, SHORT_LIVED.maxAgeMs);
  const [pair] = await Promise.all([starting, tellCalls(demo)]);
  await tellTraces(demo);
  await tellScenes(demo, pair);
  console.log(`\n${bold('Try it')} (the token is good for an hour)\n`);
  console.log(
    `curl -i -H "Authorization: Bearer ${await demo.token(`${SCOPES.read} ${SCOPES.write}`)}" ${apps.orders.url}/orders/me`,
  );
}

async function tellCalls(demo: Demo): Promise<void> {
  const { orders } = demo.apps;
  const reader = await demo.token(SCOPES.read);
  const writer = await demo.token(`${SCOPES.read} ${SCOPES.write}`);
  await call(orders, 'GET /health', 'no token', undefined, 200);
  await call(orders, 'GET /orders', 'no token', undefined, 401);
  await call(orders, 'GET /orders', 'a token', reader, 200);
  await call(orders, 'GET /orders', 'a forged one', `${reader.slice(0, -6)}AAAAAA`, 401);
  await call(orders, 'POST /orders', `only ${SCOPES.read}`, reader, 403);
  await call(orders, 'POST /orders', SCOPES.write, writer, 201);
  await call(orders, 'GET /orders/me', 'a token', writer, 200);
}

/** Makes one call and prints it with what came back. */
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

async function tellTraces(demo: Demo): Promise<void> {
  console.log(`\n${bold(`The same request, with the issuer ${ISSUER_LATENCY_MS} ms away`)}`);
  const warm = await stageWarm(demo);
  demo.page.show(warm.scene);
  const naive = toldOf(accepted(warm.naive));
  const ours = toldOf(accepted(warm.ours));
  const options = { scaleMs: durationOf(naive), colours };
  console.log(
    `\n  the naive way: a key fetch in every request ${dim('(passport-jwt, jwks-rsa without its cache)')}`,
  );
  console.log(waterfall(naive, options).join('\n'));
  console.log(`\n  this library: a token never seen before, and no fetch ${dim('(same time axis)')}`);
  console.log(waterfall(ours, options).join('\n'));
  const ratio = Math.round(durationOf(naive) / durationOf(ours));
  console.log(
    `\n  ${formatMs(durationOf(naive))} against ${formatMs(durationOf(ours))}: ${ratio} times as long.`,
  );
}

/** The scenes that take keys with a short life; that the page has them is told as they come. */
async function tellScenes(demo: Demo, pair: AppPair): Promise<void> {
  console.log(
    `\n${bold('When keys expire, change, or cannot be had')} ${dim('(what to look at: on the page)')}\n`,
  );
  for (const stage of [stageExpiry, stageRotation, stageOutage]) {
    const scene = await stage(demo, pair);
    demo.page.show(scene);
    tellScene(demo, scene);
  }
  await Promise.all([pair.orders.stop(), pair.naive.stop()]);
}

/** One line for each application: the request, its answer, its duration. */
function tellScene(demo: Demo, { title, columns }: Scene): void {
  for (const [index, { title: who, traces }] of columns.entries()) {
    const [request] = traces;
    if (request === undefined) continue;
    const took = formatMs(durationOf(demo.traces.trace(request.traceId)));
    const heading = index === 0 ? bold(title.padEnd(12)) : ' '.repeat(12);
    console.log(
      `  ${heading} ${who.replace(/:.*/, '').padEnd(30)} ${request.label.padEnd(40)} ${took.padStart(8)}`,
    );
  }
}

/** The spans of a request that was accepted. */
function accepted({ status, spans }: TracedCall): readonly ReceivedSpan[] {
  if (status !== 200) throw new DemoError(`An application answered ${status} to a good token.`);
  return spans;
}

const durationOf = (spans: readonly ReceivedSpan[]): number =>
  Math.max(...spans.map(({ endMs }) => endMs)) - Math.min(...spans.map(({ startMs }) => startMs));
