// Tries the packed tarball as its users will. Each project under fixtures/ is copied to a fresh folder, the tarball
// is installed there, and the project's own script `try` builds it and runs it.
//   node test/package/consumers.mjs [file.tgz] [project…]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packedTarball } from './packed-tarball.mjs';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock'];

const folder = mkdtempSync(join(tmpdir(), 'tarball-consumers-'));
try {
  const [first, ...rest] = process.argv.slice(2);
  const tarball = packedTarball(first, folder);
  const named = first === undefined || first.endsWith('.tgz') ? rest : [first, ...rest];
  const projects = readdirSync(FIXTURES);
  const unknown = named.filter((name) => !projects.includes(name));
  assert.deepEqual(unknown, [], 'projects that are not in fixtures/');
  for (const project of named.length > 0 ? named : projects) tryIn(project, tarball);
} finally {
  rmSync(folder, { recursive: true });
}

function tryIn(project, tarball) {
  console.log(`\n${project}`);
  const cwd = join(folder, project);
  cpSync(join(FIXTURES, project), cwd, { recursive: true });
  npm(cwd, ...INSTALL, tarball);
  npm(cwd, 'run', 'try');
}

function npm(cwd, ...args) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}
