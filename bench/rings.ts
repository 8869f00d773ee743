import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessTokenVerifier, AuthModule, KeyRings, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * What a key ring costs in memory beside its keys, and what a look-up costs among few and many: the module as an
 * application uses it, in a process of its own for each number of issuers, against one HTTP server for all of them.
 */

const LOOK_UPS = 200_000;
const ROUNDS = 15;
type Kind = 'listed' | 'dynamic';

interface Measured {
  readonly heapBytes: number;
  readonly lookUpMicros: number;
}

/** Every `/tenant/<n>` of this server is an issuer; all have the same keys. */
async function startIssuers(issuer: TestIssuer, port: number) {
  const keys = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
  const server = createServer((request, response) => {
    const [tenant = '', isDiscovery] = (request.url ?? '').split('/.well-known/');
    const name = `http://127.0.0.1:${(server.address() as AddressInfo).port}${tenant}`;
    const metadata = JSON.stringify({ issuer: name, jwks_uri: `${name}/jwks` });
    response.setHeader('connection', 'close').end(isDiscovery === undefined ? keys : metadata);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const namesOf = (origin: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${origin}/tenant/${i}`);

async function startModule(options: AuthOptions) {
  @Module({ imports: [AuthModule.forRoot({ ...options, verifiedTokens: false })] })
  class BenchModule {}
  return NestFactory.createApplicationContext(BenchModule, { logger: false });
}

/** In a process of its own: the module with so many issuers, all with their keys in memory. */
async function measure(kind: Kind, names: readonly string[], tokens: readonly string[]): Promise<Measured> {
  Logger.overrideLogger(false);
  const known = new Set(names);
  const audience = 'https://api.test';
  const issuers: AuthOptions['issuers'] =
    kind === 'listed'
      ? names.map((issuer) => ({ issuer, audience }))
      : { allow: (name) => known.has(name), resolve: (issuer) => ({ issuer, audience }) };
  const app = await startModule({ issuers });
  const [verifier, rings] = [app.get(AccessTokenVerifier), app.get(KeyRings)];
  for (const token of tokens) await verifier.verify(token);
  const loaded = rings.status().filter(({ state }) => state === 'FRESH').length;
  if (loaded !== names.length) throw new Error(`${loaded} of ${names.length} rings have keys`);
  for (let i = 0; i < 4; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  const lookUpMicros = timeLookUps(rings, names);
  await app.close();
  return { heapBytes: heapUsed + external, lookUpMicros };
}

/** The fastest of some rounds, so that what else runs on the machine counts little. */
function timeLookUps(rings: KeyRings, names: readonly string[]): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    for (let i = 0; i < LOOK_UPS; i += 1) rings.get(names[i % names.length] ?? '')?.watch();
    return ((performance.now() - start) * 1_000) / LOOK_UPS;
  });
  return Math.min(...rounds);
}

/** Runs {@link measure} for so many issuers with so many keys each. */
async function measureApart(kind: Kind, count: number, keyCount: number): Promise<Measured> {
  await using issuer = await startTestIssuer();
  for (let i = 1; i < keyCount; i += 1) await issuer.addKey();
  const server = await startIssuers(issuer, 0);
  const names = namesOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, count);
  const tokens = names.map((iss) => issuer.token({ iss }));
  const child = promisify(execFile)(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url)], {
    env: { ...process.env, MEASURE: JSON.stringify({ kind, names }) },
    maxBuffer: 2 ** 24,
  });
  child.child.stdin?.end(JSON.stringify(tokens));
  const { stdout } = await child;
  server.closeAllConnections();
  server.close();
  return JSON.parse(stdout) as Measured;
}

async function report(kind: Kind): Promise<void> {
  const [few, one, three] = [
    await measureApart(kind, 10, 1),
    await measureApart(kind, 1_000, 1),
    await measureApart(kind, 1_000, 3),
  ];
  const perKey = (three.heapBytes - one.heapBytes) / 1_000 / 2;
  const perRing = (one.heapBytes - few.heapBytes) / 990 - perKey;
  const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1)} KB`;
  console.log(`${kind}: ${kilobytes(perRing)} for a ring, beside ${kilobytes(perKey)} for each of its keys`);
  const ratio = (one.lookUpMicros / few.lookUpMicros).toFixed(1);
  console.log(`${kind}: a look-up among 1,000 rings takes ${ratio} times as long as one among 10`);
}

async function readTokens(): Promise<readonly string[]> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text) as string[];
}

const measurement = process.env['MEASURE'];
if (measurement === undefined) {
  for (const kind of ['listed', 'dynamic'] as const) await report(kind);
} else {
  const { kind, names } = JSON.parse(measurement) as { kind: Kind; names: string[] };
  process.stdout.write(JSON.stringify(await measure(kind, names, await readTokens())));
}
