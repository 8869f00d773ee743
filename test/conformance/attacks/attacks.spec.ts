import 'reflect-metadata';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GuardedRoute, type RouteResponse } from '../guarded-route.js';
import { reported } from '../report.js';
import { ALGORITHM_ATTACKS } from './algorithm-attacks.js';
import {
  claim,
  createAttackKeys,
  published,
  type Attack,
  type AttackKeys,
  type AttackScene,
} from './attack.js';
import { CLAIM_ATTACKS } from './claim-attacks.js';
import { CONTENT_ATTACKS } from './content-attacks.js';
import { ENCODING_ATTACKS } from './encoding-attacks.js';
import { KEY_CHOICE_ATTACKS } from './key-choice-attacks.js';
import { KEY_ATTACKS } from './key-attacks.js';
import { SIGNATURE_ATTACKS } from './signature-attacks.js';
import { TIME_ATTACKS } from './time-attacks.js';

const ATTACKS = [
  ...ALGORITHM_ATTACKS,
  ...KEY_ATTACKS,
  ...KEY_CHOICE_ATTACKS,
  ...SIGNATURE_ATTACKS,
  ...ENCODING_ATTACKS,
  ...TIME_ATTACKS,
  ...CLAIM_ATTACKS,
  ...CONTENT_ATTACKS,
];
/** A1, A2, … C28. */
function order(id: string): number {
  return id.charCodeAt(0) * 100 + Number.parseInt(id.slice(1), 10);
}

const ROWS = ATTACKS.toSorted((one, other) => order(one.id) - order(other.id));
const rows: string[][] = [];

let keys: AttackKeys;
let other: TestIssuer;
beforeAll(async () => {
  keys = await createAttackKeys();
  other = await startTestIssuer({ algorithm: 'ES256' });
  await other.rotate({ keepOld: false, kid: keys.es256.kid });
});
afterAll(() => other.close());

/** No part of the token stands in the response, the log or a span. */
function expectNothingOf(token: string, { traces }: RouteResponse, name: string): void {
  const parts = token.split('.').filter((part) => part.length > 8);
  for (const part of parts) expect.soft(traces.includes(part), name).toBe(false);
}

function rowOf({ id, attack, force, reference }: Attack, responses: readonly RouteResponse[]): string[] {
  const [status] = responses.map((response) => response.status);
  const codes = [...new Set(responses.map(({ code }) => code))]
    .filter((code) => code !== undefined)
    .toSorted();
  const outcome = [status, ...codes.map((code) => `\`${code}\``)].join(' ');
  return [id, attack, force, String(responses.length), outcome, reference];
}

it.each(ROWS)('$id: $attack', async (attack) => {
  const { status = 401, path, headers, good = (scene: AttackScene) => claim(scene, {}) } = attack;
  await using route = await GuardedRoute.start({ jwks: published(keys), ...attack.route?.(keys, other) });
  const scene: AttackScene = { issuer: route.issuer, keys, other };
  const tokens = Object.entries(attack.tokens(scene));
  const responses: RouteResponse[] = [];
  for (const [name, token] of tokens) {
    const response = await route.send(token, path, headers);
    expect.soft([name, response.status, response.calls]).toEqual([name, status, status === 200 ? 1 : 0]);
    expect.soft(response.strangers, name).toEqual([]);
    if (status !== 200) expectNothingOf(token, response, name);
    responses.push(response);
  }
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
  const control = await route.send(good(scene), path, headers);
  expect([control.status, control.calls]).toEqual([200, 1]);
  rows.push(rowOf(attack, responses));
});

it('is reported in docs/evidence/conformance.md', () => {
  expect(reported('attacks', rows)).toEqual(rows);
  const policies = ROWS.filter(({ policy }) => policy !== undefined).map(
    ({ id, attack, policy = '', reference }) => [id, attack, policy, reference],
  );
  expect(reported('policies', policies)).toEqual(policies);
});
