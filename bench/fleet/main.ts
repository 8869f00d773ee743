import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { constantRetry, fixedTtl } from './plain-pods.js';
import { toTable, type Result } from './report.js';
import { keyRing, keyRingWithStore } from './ring-pod.js';
import { live, LIVES } from './scenarios.js';

const DOCUMENT = 'docs/evidence/fleet.md';
const [BEGIN, END] = ['<!-- bench:fleet -->', '<!-- /bench:fleet -->'];
const PODS = 1_000;
const REQUESTS_PER_SECOND = 0.2;

// Refusals by the hundred thousand, whose stacks are not read.
Error.stackTraceLimit = 0;

const results: Result[] = [];
for (const policy of [keyRing, keyRingWithStore, fixedTtl, constantRetry]) {
  for (const hours of LIVES) {
    const outcomes = await live({ policy, pods: PODS, requestsPerSecond: REQUESTS_PER_SECOND }, hours);
    results.push(...outcomes.map((outcome) => ({ ...outcome, policy: policy.name })));
  }
}

const formatting = { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT };
const table = await format(toTable(results), formatting);
console.log(table);
const [before = '', , after = ''] = (await readFile(DOCUMENT, 'utf8')).split(
  new RegExp(`(?<=${BEGIN})|(?=${END})`),
);
await writeFile(DOCUMENT, `${before}\n\n${table}\n${after}`);
