import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type UserConfig } from 'tsdown';

/** What the package exports, by subpath, `index` for the package itself. package.json has a line for each in `exports`. */
const entry = {
  index: 'src/index.ts',
  doctor: 'src/doctor/index.ts',
  openapi: 'src/openapi/index.ts',
  testing: 'libs/testing/src/index.ts',
  tracing: 'libs/tracing/src/index.ts',
};

const common: UserConfig = {
  entry,
  outDir: 'dist/package',
  platform: 'node',
  target: 'node22.15',
  dts: true,
  checks: { legacyCjs: false, pluginTimings: false },
  clean: false,
  // A package that is not declared must not be taken into the bundle unseen.
  deps: { onlyBundle: [] },
};

/** Both builds are bundled: one file is read in a fraction of the time that a hundred take. */
export default defineConfig([
  // The command is a program of its own, which nothing requires.
  { ...common, entry: { ...entry, cli: 'src/cli/main.ts' }, format: 'esm' },
  { ...common, format: 'cjs', shims: true, plugins: [filesOfCommonJs()] },
  // Loaded by the Nest CLI alone, which requires it.
  { ...common, entry: { 'nest-add': 'libs/nest-add/src/nest-add.ts' }, format: 'cjs', dts: false },
]);

/** Where a file `x.ts` has a neighbour `x-commonjs.ts`, that one stands for it. */
function filesOfCommonJs() {
  return {
    name: 'x-commonjs.ts for x.ts',
    resolveId(source: string, importer: string | undefined) {
      if (!source.startsWith('.') || importer === undefined || importer.endsWith('.d.ts')) return undefined;
      const path = resolve(importer, '..', source.replace(/\.js$/, '-commonjs.ts'));
      return existsSync(path) ? path : undefined;
    },
  };
}
