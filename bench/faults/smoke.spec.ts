import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../dist/bench/faults/main.js', import.meta.url));

it('the bench of faults runs every contender, and this library accepts every valid token', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--smoke']);
  const accepted = /### Valid tokens accepted\n\n(.+)\n.+\n(.+)\n(.+)\n/.exec(stdout)?.slice(1) ?? [];
  expect(accepted.map((row) => row.split(' | ').length)).toEqual([8, 8, 8]);
  expect(accepted.slice(1).map((row) => row.split(' | ')[1])).toEqual(['100 %', '100 %']);
}, 120_000);
