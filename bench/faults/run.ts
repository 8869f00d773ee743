import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startTestIssuer, type TestCertificate, type TestIssuer } from 'nestjs-jwks-auth/testing';
import type { Contender, Trust } from './contenders.js';
import { Load } from './load.js';
import { outcomeOf, type Outcome } from './outcome.js';
import type { Scenario, Stage } from './scenarios.js';

/** How long each part of a run takes, in milliseconds, and how many requests a second there are. */
export interface Pace {
  /** The keys of a contender expire after it. */
  readonly expireMs: number;
  /** From the expiry of the keys to the end of the fault. */
  readonly faultMs: number;
  /** From the end of the fault to the end of the run. */
  readonly watchMs: number;
  readonly perSecond: number;
}

/** How long the last requests may take: with the watch before it, longer than the usual deadline of 5 s. */
const LAST_MS = 1_500;
/** Longer than any run. */
const FRESH_MS = 120_000;
const MAIN = fileURLToPath(new URL('./contender-process.js', import.meta.url));

/** What all issuers of a bench have in common. */
export interface Props extends Omit<Stage, 'issuer'> {
  /** Of every issuer. */
  readonly certificate: TestCertificate;
  /** Where the certificate is, for the processes that shall trust it. */
  readonly certificateFile: string;
}

/** Plays one scenario to one contender, in a process of its own that has just started. */
export async function run(
  contender: Contender,
  scenario: Scenario,
  pace: Pace,
  props: Props,
): Promise<Outcome> {
  await using issuer = await startTestIssuer({ tls: props.certificate });
  const stage: Stage = { issuer, keys: props.keys };
  await scenario.prepare?.(stage);
  const expireMs = scenario.keysStayFresh === true ? FRESH_MS : pace.expireMs;
  const { child, port } = await startProcess(contender, issuer, expireMs, props);
  const load = new Load(port, pace.perSecond, tokensOf(issuer));
  try {
    return await play(scenario, stage, load, pace);
  } finally {
    load.close();
    child.kill('SIGKILL');
  }
}

async function play(scenario: Scenario, stage: Stage, load: Load, pace: Pace): Promise<Outcome> {
  const { requests } = stage.issuer;
  await warmUp(load);
  const loadedAt = performance.now();
  await delay(scenario.idleMs ?? 0);
  const end = await scenario.begin(stage);
  if (scenario.keysStayFresh !== true) await delay(loadedAt + pace.expireMs - performance.now());
  requests.reset();
  const from = performance.now();
  await delay(pace.faultMs);
  const to = performance.now();
  end();
  await delay(pace.watchMs);
  load.stop();
  // The last requests may still be in progress.
  await delay(LAST_MS);
  return outcomeOf(load.shots, from, to, requests.jwks);
}

/** The keys are in memory once a token was accepted. */
async function warmUp(load: Load): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if ((await load.shoot()) === 200) return;
    await delay(100);
  }
  throw new Error('a contender accepts no token although nothing is wrong');
}

async function startProcess(
  { name }: Contender,
  { issuer, audience, jwksUri }: TestIssuer,
  expireMs: number,
  { certificateFile }: Props,
): Promise<{ child: ChildProcess; port: number }> {
  const trust: Trust = { issuer, audience, jwksUri, expireMs };
  const child = fork(MAIN, [name, JSON.stringify(trust)], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificateFile },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`${name} ended with ${code}`)),
  );
  const [port] = (await Promise.race([once(child, 'message'), failed])) as [number];
  failed.catch(() => {});
  return { child, port };
}

/** Tokens under each published key, one after another. */
function tokensOf(issuer: TestIssuer): () => string {
  let count = 0;
  return () => {
    const { keys } = issuer;
    const key = keys[(count += 1) % keys.length];
    return key === undefined ? issuer.token() : issuer.token({}, { key });
  };
}
