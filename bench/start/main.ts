/**
 * `npm run bench:start` measures what importing the library and starting an application with it takes, and writes its part
 * of the document; with `-- --smoke`, once, and nothing is written.
 */
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import assert from 'node:assert/strict';
import { checkPlaces, writeBlocks, type Blocks } from '../report/document.js';
import { median, ratio, spread } from '../report/statistics.js';
import { table } from '../report/table.js';
import { inRounds, type Row, type Series } from '../sections/rounds.js';
import { measuredBy, type ImportCost, type StartCost } from './measured.js';

/** How far away the issuer is: each of its responses takes so long. */
const LATENCY_MS = 50;

const isSmoke = process.argv.includes('--smoke');
const [rounds, warmUp] = isSmoke ? [1, 0] : [21, 2];

const PEERS = ['reflect-metadata', '@nestjs/common', '@nestjs/core', '@nestjs/passport', 'passport'];
const USUAL = ['passport-jwt', 'jwks-rsa'];
const LIBRARY = '**nestjs-jwks-auth**';
const PEERS_ROW = 'its peers: `@nestjs/common`, `core`, `passport`, `@opentelemetry/api`, …';

const importRow = (title: string, packages: readonly string[]): Row<ImportCost> => ({
  title,
  measure: () => measuredBy<ImportCost>('import-process', packages),
});

const imports = await inRounds(rounds, warmUp, [
  importRow(PEERS_ROW, [...PEERS, '@opentelemetry/api']),
  importRow('these, and its dependencies', [...PEERS, '@opentelemetry/api', ...USUAL, 'lru-cache']),
  importRow(LIBRARY, ['nestjs-jwks-auth']),
  importRow('the usual recipe: passport-jwt, jwks-rsa', [...PEERS, ...USUAL]),
]);

await using issuer = await startTestIssuer();
issuer.fault({ latencyMs: LATENCY_MS }, { on: 'all' });
const base = { ISSUER: issuer.issuer, AUDIENCE: issuer.audience, TOKEN: issuer.token() };
const jwksUri = { JWKS_URI: issuer.jwksUri };
const requests = new Map<string, number>();

const startRow = (title: string, file: string, env: Record<string, string>): Row<StartCost> => ({
  title,
  measure: async () => {
    const before = issuer.requests.log.length;
    const cost = await measuredBy<StartCost>(file, [], { ...base, ...env });
    assert.equal(cost.status, 200, title);
    requests.set(title, issuer.requests.log.length - before);
    return cost;
  },
});

const starts = await inRounds(rounds, warmUp, [
  startRow('no guard', 'open-application', {}),
  startRow(`${LIBRARY}, \`jwksUri\` known`, 'own-application', jwksUri),
  startRow(`${LIBRARY}, discovery`, 'own-application', {}),
  startRow('passport-jwt + jwks-rsa, the usual recipe', 'usual-application', jwksUri),
]);

const blocks: Blocks = { import: importBlock(imports), start: startBlock(starts) };
console.log(Object.values(blocks).join('\n\n'));
if (isSmoke) checkPlaces(blocks);
else await writeBlocks(blocks);

function importBlock(series: Series<ImportCost>): string {
  const cpuOf = (costs: readonly ImportCost[]) => costs.map(({ cpuMs }) => cpuMs);
  const reference = median(cpuOf(series.get(PEERS_ROW) ?? []));
  const rows = [...series].map(([title, costs]) => [
    title,
    spread(cpuOf(costs)),
    ratio(median(cpuOf(costs)), reference),
    spread(costs.map(({ wallMs }) => wallMs)),
  ]);
  return table(['an import', 'ms of CPU', 'of the peers', 'ms'], rows);
}

function startBlock(series: Series<StartCost>): string {
  const rows = [...series].map(([title, costs]) => [
    title,
    spread(costs.map(({ wallMs }) => wallMs)),
    spread(costs.map(({ cpuMs }) => cpuMs)),
    String(requests.get(title)),
  ]);
  return table(
    ['from the start of the process to the first 200', 'ms', 'ms of CPU', 'requests to the issuer'],
    rows,
  );
}
