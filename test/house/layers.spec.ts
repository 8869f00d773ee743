import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tableRows } from '../docs/markdown.js';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
/** The relative paths that a file imports or re-exports, types included. */
const IMPORT = /\bfrom '(\.[^']+)'|\bimport\(?'(\.[^']+)'/g;

/** The folders of src, the highest first. */
const layers = tableRows('src/README.md', 'layers').map(([folder = '']) => folder.replaceAll(/[`/]/g, ''));

const folderOf = (path: string): string =>
  path.includes('/') ? path.slice(0, path.indexOf('/')) : '(this one)';

it('the table of src/README.md has every folder', () => {
  const folders = new Set(globSync('**/*.ts', { cwd: SRC }).map(folderOf));
  expect([...folders].toSorted()).toEqual(layers.toSorted());
});

it('a file imports from its own folder and from those below it in the table', () => {
  const files = globSync('**/*.ts', { cwd: SRC, exclude: (name) => name.endsWith('.spec.ts') });
  expect(files.length).toBeGreaterThan(100);
  const upward = files.flatMap((file) => {
    const own = layers.indexOf(folderOf(file));
    return [...readFileSync(`${SRC}${file}`, 'utf8').matchAll(IMPORT)].flatMap(([, from, lazy]) => {
      const target = new URL(from ?? lazy ?? '', `file:///${file}`).pathname.slice(1);
      return layers.indexOf(folderOf(target)) < own ? [`${file} imports ${target}`] : [];
    });
  });
  expect(upward).toEqual([]);
});
