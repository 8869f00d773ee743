import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/support/skipped-reporter.js';

// Where the results go as JSON too, for those who count them.
const json = process.env['VITEST_JSON'];

const jsonReporter = (outputFile: string): ['json', { outputFile: string }] => ['json', { outputFile }];

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^nestjs-jwks-auth$/, replacement: here('./src/index.ts') },
      { find: /^nestjs-jwks-auth\/doctor$/, replacement: here('./src/doctor/index.ts') },
      { find: /^nestjs-jwks-auth\/openapi$/, replacement: here('./src/openapi/index.ts') },
      { find: /^nestjs-jwks-auth\/testing$/, replacement: here('./libs/testing/src/index.ts') },
    ],
  },
  test: {
    include: ['{src,libs,apps,test,bench}/**/*.spec.ts'],
    // Projects that install the tarball; they have no packages here.
    exclude: ['test/package/fixtures/**', '**/node_modules/**'],
    // The default is one less than there are processors, but many tests only wait for a process of their own.
    maxWorkers: '100%',
    // Limits that a busy machine meets: nothing is measured by them.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', new SkippedReporter(), ...(json === undefined ? [] : [jsonReporter(json)])],
    setupFiles: [here('./test/setup.ts')],
  },
});
