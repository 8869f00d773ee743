import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['src', 'libs', 'apps', 'bench', 'test'];
const MOST_FILES = 15;

/** The suffixes that a name may have after a dot: Nest's kinds, and a few of ours. */
const SUFFIXES =
  'module|module-definition|controller|service|guard|strategy|decorators?|exception|logger|health-indicator|' +
  'filter|interceptor|pipe|gateway|resolver|options|error|config(\\.e2e)?';
const WORDS = '[a-z0-9]+(-[a-z0-9]+)*';
const NAME = new RegExp(`^${WORDS}(\\.(${SUFFIXES}))?(\\.(spec|e2e-spec))?\\.(ts|mjs|js)$`);

/** The code files of a folder and of all below it, by their path from the root. */
function codeIn(folder: string): string[] {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : codeIn(path);
    return /\.(ts|mts|cts|js|mjs|cjs)$/.test(entry.name) ? [path] : [];
  });
}

it.each(FOLDERS)('files in %s are named in lower case with hyphens, and a dot for a known kind', (folder) => {
  const paths = codeIn(folder);
  expect(paths.length).toBeGreaterThan(0);
  expect(paths.filter((path) => !NAME.test(path.slice(path.lastIndexOf('/') + 1)))).toEqual([]);
});

it(`no folder of src holds more than ${MOST_FILES} source files`, () => {
  const sources = codeIn('src').filter((path) => !/\.(spec|e2e-spec)\.ts$/.test(path));
  const folders = Map.groupBy(sources, (path) => dirname(path));
  const crowded = [...folders].filter(([, paths]) => paths.length > MOST_FILES);
  expect(crowded.map(([folder, paths]) => `${folder}: ${paths.length}`)).toEqual([]);
});
