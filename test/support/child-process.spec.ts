import { expect, it } from 'vitest';
import { NodeProcess } from './child-process.js';

const run = (script: string) => new NodeProcess(['--eval', script], {});

it('is ready once the condition holds, an error until then included', async () => {
  await using process = run(`console.log('up'); setInterval(() => {}, 1_000);`);
  let calls = 0;
  await process.ready(() => {
    calls += 1;
    if (calls === 1) throw new Error('refused');
    return process.output.includes('up');
  });
  expect(calls).toBeGreaterThan(1);
});

it('says what a process wrote that ended too early', async () => {
  await using process = run(`throw new RangeError('no port');`);
  await expect(process.ready(() => false)).rejects.toThrow(
    /^The process ended before it was ready\. It wrote:\n[^]*RangeError: no port/,
  );
});

it('says so when a process is silent until the limit', async () => {
  await using process = run(`setInterval(() => {}, 1_000);`);
  await expect(process.ready(() => false, 0)).rejects.toThrow(
    'The process was not ready within 0 s. It wrote nothing: the machine may be too busy.',
  );
});
