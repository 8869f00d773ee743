import { randomBytes } from 'node:crypto';
import type { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import type { Demo } from './demo.js';
import type { ReceivedSpan } from './otlp.receiver.js';
import { formatMs, prune, waterfall } from './waterfall.js';

const LATENCY_MS = 250;
const READ = 'read:orders';
const WRITE = 'write:orders';

const colours = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const bold = (text: string): string => (colours ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string): string => (colours ? `\u001b[2m${text}\u001b[0m` : text);

/** @throws DemoError when something does not answer as it should */
export async function tell(demo: Demo): Promise<void> {
  await tellCalls(demo);
  await tellTraces(demo);
  console.log(`\n${bold('Try it')} (the token is good for an hour)\n`);
  console.log(
    `curl -i -H "Authorization: Bearer ${await demo.token(`${READ} ${WRITE}`)}" ${demo.orders.url}/orders/me`,
  );
}

async function tellCalls(demo: Demo): Promise<void> {
  const reader = await demo.token(READ);
  const writer = await demo.token(`${READ} ${WRITE}`);
  console.log(bold('An API guarded by nestjs-jwks-auth, and a real OpenID provider'));
  console.log(dim(`  issuer ${demo.issuer.url}   orders ${demo.orders.url}   naive ${demo.naive.url}\n`));
  await call(demo.orders, 'GET /health', 'no token', undefined, 200);
  await call(demo.orders, 'GET /orders', 'no token', undefined, 401);
  await call(demo.orders, 'GET /orders', 'a token', reader, 200);
  await call(demo.orders, 'GET /orders', 'a forged one', `${reader.slice(0, -6)}AAAAAA`, 401);
  await call(demo.orders, 'POST /orders', `only ${READ}`, reader, 403);
  await call(demo.orders, 'POST /orders', WRITE, writer, 201);
  await call(demo.orders, 'GET /orders/me', 'a token', writer, 200);
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
  await demo.slowDown(LATENCY_MS);
  console.log(`\n${bold(`The same request, with the issuer ${LATENCY_MS} ms away`)}`);
  const naive = await traceOf(demo, demo.naive);
  const ours = await traceOf(demo, demo.orders);
  await demo.slowDown(0);
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

/** Calls the API with a token that it has not seen, and collects what the application traced. */
async function traceOf(demo: Demo, app: ChildApp): Promise<readonly ReceivedSpan[]> {
  const token = await demo.token(READ);
  const traceId = randomBytes(16).toString('hex');
  const headers = {
    authorization: `Bearer ${token}`,
    traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
  };
  const answer = await fetch(`${app.url}/orders`, { headers });
  if (answer.status !== 200) throw new DemoError(`${app.name} answered ${answer.status} to a good token`);
  const spans = prune(await demo.receiver.trace(traceId), isTold);
  if (spans.length === 0) throw new DemoError(`No trace came from the ${app.name} application.`);
  return spans;
}

/** HTTP and the way to the user; what a framework does in between is another story. */
const isTold = ({ scope }: ReceivedSpan): boolean =>
  /instrumentation-http|^nestjs-jwks-auth$|^naive$/.test(scope);

const durationOf = (spans: readonly ReceivedSpan[]): number =>
  Math.max(...spans.map(({ endMs }) => endMs)) - Math.min(...spans.map(({ startMs }) => startMs));
