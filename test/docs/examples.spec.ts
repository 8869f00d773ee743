import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { compile, examples, EXAMPLES_DIRECTORY, writeExamples } from './examples.js';
import { ROOT } from './markdown.js';

const all = examples();
/** The project's own configuration, for the examples alone. */
const CONFIG = `import base from '../../vitest.config.js';
export default { ...base, test: { ...base.test, include: ['**/*spec.ts'] } };
`;

beforeAll(() => writeExamples(all));

test('no two code blocks of a document are the same file', () => {
  const paths = all.map(({ path }) => path);
  expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
});

test('every TypeScript block of the documents compiles', { timeout: 120_000 }, () => {
  expect(all.length).toBeGreaterThan(20);
  expect(compile(all)).toEqual([]);
});

test('the compiler notices a block that uses a name which does not exist', { timeout: 120_000 }, () => {
  const path = `${EXAMPLES_DIRECTORY}/broken.ts`;
  const broken = {
    path,
    origin: 'nowhere:1',
    code: "import { Nothing } from 'nestjs-jwks-auth';\nNothing();\n",
  };
  writeFileSync(path, broken.code);
  expect(compile([broken])).toEqual([expect.stringMatching(/^nowhere:1, line 1 of the block: .*Nothing/)]);
});

test('every test that the documents show passes', { timeout: 120_000 }, async () => {
  const shown = all.filter(({ path }) => path.endsWith('spec.ts'));
  expect(shown.length).toBeGreaterThan(2);
  writeFileSync(`${EXAMPLES_DIRECTORY}/vitest.config.ts`, CONFIG);
  const args = [`${ROOT}node_modules/vitest/vitest.mjs`, 'run', '--root', EXAMPLES_DIRECTORY];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NO_COLOR: '1' },
  });
  expect(stdout).toContain(`Test Files  ${shown.length} passed (${shown.length})`);
});
