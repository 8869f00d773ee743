// What is in the tarball: all that users need, and nothing else.
//   node test/package/contents.mjs [file.tgz]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { isBuiltin } from 'node:module';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { packedTarball } from './packed-tarball.mjs';

const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(src|libs\/testing|libs\/tracing)\/[^.][^ ]*\.(js|d\.ts)$/,
];
const REQUIRED = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];
const UNWANTED = [/\.(spec|test|e2e)\./, /(^|\/)(apps|test|bench|node_modules)\//];

const folder = mkdtempSync(join(tmpdir(), 'tarball-contents-'));
try {
  execFileSync('tar', ['-xzf', packedTarball(process.argv[2], folder), '-C', folder]);
  const root = join(folder, 'package');
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  checkNames(files, manifest);
  for (const [file, text] of texts) checkText(file, text);
  checkImports(texts, manifest);
  console.log(`${files.length} files, nothing missing and nothing too many`);
} finally {
  rmSync(folder, { recursive: true });
}

function checkNames(files, { exports: entries }) {
  const odd = files.filter(
    (file) => !ALLOWED.some((rule) => rule.test(file)) || UNWANTED.some((rule) => rule.test(file)),
  );
  assert.deepEqual(odd, [], 'files that no user needs');
  const targets = Object.values(entries).flatMap((entry) =>
    typeof entry === 'string' ? entry : Object.values(entry),
  );
  const required = [...REQUIRED, ...targets.map((target) => target.replace('./', ''))];
  assert.deepEqual(
    required.filter((file) => !files.includes(file)),
    [],
    'files that are missing',
  );
}

function checkText(file, text) {
  assert.doesNotMatch(text, /sourceMappingURL/, `${file} points at a source map that is not there`);
  assert.ok(!text.includes(process.cwd()), `${file} holds a path of this machine`);
}

/** Yarn PnP and pnpm without hoisting find what is declared, and nothing else. */
function checkImports(texts, { dependencies, peerDependencies, peerDependenciesMeta }) {
  const imported = new Set([...texts].flatMap(([file, text]) => (isCode(file) ? packagesIn(text) : [])));
  const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  assert.deepEqual(
    [...imported].filter((name) => !declared.includes(name)),
    [],
    'packages that are imported and not declared',
  );
  const isOptional = (name) => peerDependenciesMeta[name]?.optional === true;
  assert.deepEqual(
    declared.filter((name) => !imported.has(name.replace(/^@types\//, '')) && !isOptional(name)),
    [],
    'packages that are declared and not imported',
  );
}

function isCode(file) {
  return /\.(js|d\.ts)$/.test(file);
}

/** The packages that a module imports or re-exports from, statically or not. */
function packagesIn(text) {
  const specifiers = text.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g);
  return [...specifiers]
    .map(([, specifier]) => specifier)
    .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)[0]);
}
