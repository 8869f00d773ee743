import * as fc from 'fast-check';
import { AuthError } from 'nestjs-jwks-auth';
import { beforeAll, expect, it } from 'vitest';
import { bearerToken } from '../../src/guard/transports/bearer-token.js';
import { reported } from '../conformance/report.js';
import { DIFFERENCES } from './differences.js';
import { fuzzCase, type FuzzCase } from './fuzz-case.js';
import { FuzzScene } from './fuzz-scene.js';
import { differenceIn, isDisputed, observe } from './observe.js';
import { Stopwatch } from './stopwatch.js';
import { ourCode } from './verdicts.js';

/** `npm run fuzz` runs for longer, from a new seed each time; FUZZ_CASES and FUZZ_SEED change both. */
const isLong = process.env['npm_lifecycle_event'] === 'fuzz';
const CASES = Number(process.env['FUZZ_CASES'] ?? (isLong ? 100_000 : 10_000));
const SEED = Number(process.env['FUZZ_SEED'] ?? (isLong ? Date.now() % 2 ** 31 : 7519));
const TIMEOUT_MS = CASES * 30;

const GOOD: FuzzCase = {
  key: 'es256',
  header: [],
  claims: [],
  writing: undefined,
  cut: undefined,
  keySet: [],
  extra: [],
  profile: true,
};

function tokenOrError(authorization: string): unknown {
  try {
    return bearerToken({ headers: { authorization } });
  } catch (error) {
    return error;
  }
}

let scene: FuzzScene;
beforeAll(async () => {
  scene = await FuzzScene.create();
});

it(
  'comes to the verdicts of jose and oauth4webapi, but for the documented differences',
  async () => {
    const members = Reflect.ownKeys(Object.prototype);
    const seen = { accepted: 0, disputed: 0 };
    await fc.assert(
      fc.asyncProperty(fuzzCase, async (one) => {
        // Anything but an AuthError is thrown from here, and so fails the property.
        const observation = await observe(scene.build(one));
        if (observation.verdicts.ours === 'accept') seen.accepted += 1;
        expect(Reflect.ownKeys(Object.prototype)).toEqual(members);
        if (!isDisputed(observation)) return;
        seen.disputed += 1;
        expect({ ...observation.verdicts, why: differenceIn(observation)?.name }).toHaveProperty(
          'why',
          expect.any(String),
        );
      }),
      { numRuns: CASES, seed: SEED },
    );
    // A fuzz that only ever saw bad tokens would prove nothing.
    expect(seen.accepted).toBeGreaterThan(CASES / 4);
    expect(seen.disputed).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

it('accepts the good case that all others are made from, as the others do', async () => {
  const { verdicts } = await observe(scene.build(GOOD));
  expect(verdicts).toEqual({ ours: 'accept', code: undefined, jose: 'accept', oauth4webapi: 'accept' });
});

it('refuses whatever is no token with an AuthError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (token) => {
      expect(await ourCode({ token, jwks: [], profile: false })).toBeDefined();
    }),
    { numRuns: CASES / 10, seed: SEED },
  );
});

it('takes a token out of any Authorization header, or refuses it with an AuthError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string().map((rest) => `Bearer ${rest}`),
      ),
      (authorization) => {
        expect(tokenOrError(authorization)).toSatisfy(
          (found: unknown) =>
            found instanceof AuthError || (typeof found === 'string' && authorization.includes(found)),
        );
      },
    ),
    { numRuns: CASES, seed: SEED },
  );
});

it('reports every difference in docs/evidence/conformance.md, as its example shows it', async () => {
  const rows: string[][] = [];
  for (const { name, reason, reference, example } of DIFFERENCES) {
    const seen = await observe(scene.build({ ...GOOD, ...example }));
    expect.soft([name, isDisputed(seen), differenceIn(seen)?.name]).toEqual([name, true, name]);
    const { ours, jose, oauth4webapi = '–' } = seen.verdicts;
    rows.push([name, ours, jose, oauth4webapi, reason, reference]);
  }
  expect(reported('differences', rows)).toEqual(rows);
});

// In a long run only: times on a machine that is busy with other tests mean nothing.
it.each(isLong ? [2_000] : [])(
  'measures the CPU that each of %i cases takes',
  async (numRuns) => {
    const stopwatch = new Stopwatch(scene);
    for (const one of fc.sample(fuzzCase, { numRuns, seed: SEED })) await stopwatch.measure(one);
    console.log(stopwatch.report());
    expect(stopwatch.slow).toEqual([]);
  },
  TIMEOUT_MS,
);
