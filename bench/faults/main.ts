import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestCertificate, startTestIssuer } from 'nestjs-jwks-auth/testing';
import { format, resolveConfig } from 'prettier';
import { CONTENDERS } from './contenders.js';
import type { Outcome } from './outcome.js';
import { contenderTable, replaceGenerated, tables, type Results } from './report.js';
import { run, type Pace, type Props } from './run.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

const DOCUMENT = 'docs/evidence/faults.md';
const FULL: Pace = { expireMs: 1_500, faultMs: 4_000, watchMs: 4_000, perSecond: 20 };
/** Short enough for a test: that everything runs, and that this library accepts every valid token. Its figures mean nothing. */
const SMOKE: Pace = { expireMs: 500, faultMs: 500, watchMs: 1_500, perSecond: 20 };
const SMOKE_SCENARIOS = ['500', 'no answer at all'];

const isSmoke = process.argv.includes('--smoke');
const pace = isSmoke ? SMOKE : FULL;
const scenarios = isSmoke ? SCENARIOS.filter(({ name }) => SMOKE_SCENARIOS.includes(name)) : SCENARIOS;

/** Plays one scenario to all contenders: at once, or one after another when they would disturb each other. */
async function playToAll(scenario: Scenario, props: Props): Promise<readonly Outcome[]> {
  if (scenario.isHeavy !== true)
    return Promise.all(CONTENDERS.map((contender) => run(contender, scenario, pace, props)));
  const outcomes: Outcome[] = [];
  for (const contender of CONTENDERS) outcomes.push(await run(contender, scenario, pace, props));
  return outcomes;
}

async function playAll(props: Props): Promise<Results> {
  const results = new Map<string, readonly Outcome[]>();
  for (const scenario of scenarios) {
    results.set(scenario.name, await playToAll(scenario, props));
    process.stderr.write(`${scenario.name}: ${results.get(scenario.name)?.map(brief).join('  ')}\n`);
  }
  return results;
}

const brief = ({ accepted, fetches, recoveryMs }: Outcome): string =>
  `${Math.round(accepted * 100)} %/${fetches}/${(recoveryMs / 1_000).toFixed(1)} s`;

async function prepare(directory: string): Promise<Props> {
  const certificate = createTestCertificate();
  const certificateFile = join(directory, 'issuer.pem');
  writeFileSync(certificateFile, certificate.cert);
  await using other = await startTestIssuer();
  while (other.keys.length < 24) await other.addKey();
  return { certificate, certificateFile, keys: other.keys.slice(1) };
}

async function report(results: Results): Promise<void> {
  const seconds = ({ expireMs, faultMs, watchMs }: Pace) =>
    [expireMs, faultMs, watchMs].map((ms) => ms / 1_000);
  const [expire, fault, watch] = seconds(pace);
  const scene = `Node ${process.versions.node}, ${cpus().length} cores. Keys expire after ${expire} s; from then on the fault lasts ${fault} s, and the recovery is watched for ${watch} s; ${pace.perSecond} requests a second.`;
  const content = [scene, contenderTable(CONTENDERS), tables(CONTENDERS, results, pace)].join('\n\n');
  if (isSmoke) return console.log(content);
  const document = replaceGenerated(readFileSync(DOCUMENT, 'utf8'), content);
  const options = await resolveConfig(DOCUMENT);
  writeFileSync(DOCUMENT, await format(document, { ...options, filepath: DOCUMENT }));
}

const directory = mkdtempSync(join(tmpdir(), 'bench-faults-'));
try {
  const results = await playAll(await prepare(directory));
  await report(results);
  const ours = [...results.values()].map(([first]) => first?.accepted);
  if (isSmoke && ours.some((accepted) => accepted !== 1)) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
