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
  /^libs\/nest-add\/(collection|schema)\.json$/,
  /^dist\/package\/[\w-]+\.(mjs|cjs|d\.mts|d\.cts)$/,
  /^observability\/(grafana\/dashboards\/[\w-]+\.json|prometheus\/alerts\.yaml)$/,
];
const REQUIRED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/package/nest-add.cjs',
  'libs/nest-add/collection.json',
  'libs/nest-add/schema.json',
  'observability/grafana/dashboards/nestjs-jwks-auth.json',
  'observability/prometheus/alerts.yaml',
];
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
  checkNames(files);
  checkEntries(files, manifest);
  for (const [file, text] of texts) checkText(file, text);
  checkImports(texts, manifest);
  console.log(`${files.length} files, nothing missing and nothing too many`);
} finally {
  rmSync(folder, { recursive: true });
}

function checkNames(files) {
  const odd = files.filter(
    (file) => !ALLOWED.some((rule) => rule.test(file)) || UNWANTED.some((rule) => rule.test(file)),
  );
  assert.deepEqual(odd, [], 'files that no user needs');
  assert.deepEqual(missingIn(files, REQUIRED), [], 'files that are missing');
}

/** Each entry has both builds with their types, and is found by compilers that do not read `exports`. */
function checkEntries(files, { exports: entries, typesVersions, main, types }) {
  const { './package.json': own, ...modules } = entries;
  assert.equal(own, './package.json');
  for (const [subpath, targets] of Object.entries(modules)) {
    const name = subpath === '.' ? 'index' : subpath.replace('./', '');
    const build = `./dist/package/${name}`;
    const esm = `${build}.mjs`;
    assert.deepEqual(targets, { 'module-sync': esm, import: esm, default: `${build}.cjs` }, subpath);
    const built = ['mjs', 'cjs', 'd.mts', 'd.cts'].map((extension) => `dist/package/${name}.${extension}`);
    assert.deepEqual(missingIn(files, built), [], `files that ${subpath} lacks`);
    if (subpath === '.') assert.deepEqual([main, types], [`${build}.cjs`, `${build}.d.cts`]);
    else assert.deepEqual(typesVersions['*'][name], [`${build}.d.cts`], `typesVersions of ${subpath}`);
  }
}

function missingIn(files, required) {
  return required.filter((file) => !files.includes(file));
}

function checkText(file, text) {
  assert.doesNotMatch(text, /sourceMappingURL/, `${file} points at a source map that is not there`);
  assert.ok(!text.includes(process.cwd()), `${file} holds a path of this machine`);
}

/** Yarn PnP and pnpm without hoisting find what is declared, and nothing else. */
function checkImports(texts, { name: own, dependencies, peerDependencies, peerDependenciesMeta }) {
  const imported = new Set([...texts].flatMap(([file, text]) => (isCode(file) ? packagesIn(text) : [])));
  const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  assert.deepEqual(
    [...imported].filter((name) => name !== own && !declared.includes(name)),
    [],
    'packages that are imported and not declared',
  );
  const isOptional = (name) => peerDependenciesMeta[name]?.optional === true;
  assert.deepEqual(
    declared.filter((name) => !imported.has(name) && !isOptional(name)),
    [],
    'packages that are declared and not imported',
  );
}

function isCode(file) {
  return /\.[cm](js|ts)$/.test(file);
}

/** The packages that a module imports, requires or re-exports from, statically or not. */
function packagesIn(text) {
  const specifiers = text.matchAll(/(?:^|[\s;}(])(?:from|import|require)\s*\(?\s*['"]([^'"\n]+)['"]/g);
  return [...specifiers]
    .map(([, specifier]) => specifier)
    .filter((specifier) => !/^[./]/.test(specifier) && !isBuiltin(specifier))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)[0]);
}
